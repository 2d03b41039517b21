import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { Subscription } from 'rxjs';
import { guarded } from '../faults/fault-log.js';
import { InFlight } from '../lifecycle/in-flight.js';
import { ShutdownPhases } from '../lifecycle/shutdown-phases.js';
import type { GrpcStatus } from './grpc-js.js';
import { UNAVAILABLE } from './status-code.js';
import { isGrpcServer } from '../messages/transport.js';
import type { TransportServer } from './transport-server.js';

/** The part of a grpc-js server that ends it. A server of another make may lack it. */
interface GrpcServer {
  tryShutdown?(done: () => void): void;
  forceShutdown?(): void;
}

/** Ends the open calls by a status, and returns the names of those that are in flight, the oldest first. */
type EndCalls = (status: GrpcStatus) => readonly string[];

/** Clients may call again elsewhere: nothing says that the call had no effect, so grpc-js does not by itself. */
const STATUS: GrpcStatus = { code: UNAVAILABLE, details: 'The server is shutting down' };

/** How long before the deadline running calls are ended, so that their status still gets to the client. */
const LAST_WORDS_MS = 250;

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/**
 * Takes the app's gRPC servers out of service: GOAWAY and no new calls, then the calls in flight, then UNAVAILABLE
 * for those that are left. Afterwards Nest finds no open connection, so `gracefulShutdown` cannot keep the process.
 */
@Injectable()
export class GrpcIntake implements OnApplicationShutdown {
  readonly #servers: TransportServer[] = [];
  readonly #inFlight: InFlight;
  readonly #subscription: Subscription;
  readonly #closing = new Map<GrpcServer, Promise<void>>();
  #endCalls: EndCalls = () => [];

  constructor(modules: ModulesContainer, phases: ShutdownPhases, inFlight: InFlight) {
    this.#inFlight = inFlight;
    this.#subscription = modules
      .getRpcTargetRegistry<TransportServer>()
      .subscribe((server) => void (isGrpcServer(server) && this.#servers.push(server)));
    phases.register('stop-intake', 'gRPC servers', () => this.#stop());
    phases.register('in-flight', 'gRPC calls', (signal, timeoutMs) =>
      this.#quiet(signal, timeoutMs),
    );
  }

  /** Without it, calls that are left are cancelled. */
  endsCallsBy(end: EndCalls): void {
    this.#endCalls = end;
  }

  onApplicationShutdown(): void {
    this.#subscription.unsubscribe();
  }

  #stop(): void {
    for (const { grpcClient } of this.#servers) {
      const server: GrpcServer | null | undefined = grpcClient;
      if (typeof server?.tryShutdown !== 'function') continue;
      guarded('gRPC: a server could not stop its intake', () => {
        const { promise, resolve } = Promise.withResolvers<void>();
        server.tryShutdown?.(resolve);
        this.#closing.set(server, promise);
      });
    }
  }

  async #quiet(signal: AbortSignal, timeoutMs: number): Promise<string | undefined> {
    const lastWordsMs = Math.min(LAST_WORDS_MS, timeoutMs / 4);
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), timeoutMs - lastWordsMs);
    await this.#inFlight.idle(AbortSignal.any([signal, over.signal]));
    clearTimeout(timer);
    // Those that nobody counts, such as a watched health service, are ended once the others are done.
    const left = this.#endCalls(STATUS);
    await Promise.race([Promise.all(this.#closing.values()), aborted(signal)]);
    for (const server of this.#closing.keys()) {
      guarded('gRPC: a server could not be closed', () => server.forceShutdown?.());
    }
    if (left.length === 0) return undefined;
    return `${left.length} ended by UNAVAILABLE, oldest ${left[0]}`;
  }
}
