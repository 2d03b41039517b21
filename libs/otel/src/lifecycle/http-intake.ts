import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { InFlight } from './in-flight.js';
import { ShutdownPhases } from './shutdown-phases.js';
import { ShutdownSequence } from './shutdown-sequence.js';

/** The response of a connection; Node sets it from request to finish. */
interface HttpSocket extends Socket {
  readonly _httpMessage?: ServerResponse | null;
}

interface ClosableAdapter {
  beforeClose?(): unknown;
  getHttpServer(): Partial<Server> & Pick<Server, 'on'>;
}

/** Ends the connection after this response; clients then open another one, elsewhere. */
const lastOnConnection = (req: IncomingMessage, res: ServerResponse): void => {
  if (req.httpVersionMajor === 1 && !res.headersSent) res.shouldKeepAlive = false;
};

/**
 * Takes an HTTP app out of service without a reset: `Connection: close` while it drains, then no new connections,
 * then the requests in flight. Begins in `beforeClose`, which Nest 12 awaits before every hook, for signals and
 * `close()` alike. HTTP/2 sessions are left to Node: they end with the server.
 */
@Injectable()
export class HttpIntake implements OnModuleInit {
  readonly #host: HttpAdapterHost;
  readonly #inFlight: InFlight;
  readonly #sockets = new Set<HttpSocket>();
  #beforeClose: (() => unknown) | undefined;

  constructor(
    host: HttpAdapterHost,
    phases: ShutdownPhases,
    sequence: ShutdownSequence,
    inFlight: InFlight,
  ) {
    this.#host = host;
    this.#inFlight = inFlight;
    host.init$.subscribe(() => {
      const adapter = this.#adapter();
      if (!adapter) return;
      this.#beforeClose = adapter.beforeClose?.bind(adapter);
      adapter.beforeClose = () => sequence.begin();
    });
    phases.register('drain', 'http connections', () => this.#announce());
    phases.register('stop-intake', 'http server', () => this.#stop());
    phases.register('in-flight', 'requests', (signal) => this.#quiet(signal));
  }

  onModuleInit(): void {
    const server = this.#adapter()?.getHttpServer();
    const track = (socket: HttpSocket): void => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    };
    server?.on('connection', track);
    // On a TLS server the answering socket is inside the one of `connection`.
    server?.on('secureConnection', track);
  }

  #adapter(): ClosableAdapter | undefined {
    const adapter: ClosableAdapter | null | undefined = this.#host.httpAdapter;
    return adapter ?? undefined;
  }

  #server(): Partial<Server> | undefined {
    return this.#adapter()?.getHttpServer();
  }

  #announce(): void {
    this.#server()?.prependListener?.('request', lastOnConnection);
    for (const { _httpMessage: res } of this.#sockets) {
      if (res && !res.headersSent) res.shouldKeepAlive = false;
    }
  }

  async #stop(): Promise<void> {
    // Not earlier: with `return503OnClosing` it would refuse the requests of the drain.
    await this.#beforeClose?.();
    const server = this.#server();
    if (!server?.listening) return;
    server.close?.();
    server.closeIdleConnections?.();
  }

  async #quiet(signal: AbortSignal): Promise<string | undefined> {
    const server = this.#server();
    await this.#inFlight.idle(signal);
    await this.#answered(signal);
    const left = this.#inFlight.count;
    const oldest = this.#inFlight.oldest;
    server?.closeAllConnections?.();
    return left > 0 ? `${left} in flight, oldest ${oldest}` : undefined;
  }

  /** The connections also show requests that are not counted: those of ignored paths, or with telemetry off. */
  async #answered(signal: AbortSignal): Promise<void> {
    for (const { _httpMessage: res } of this.#sockets) {
      if (!res || signal.aborted) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      const ended = (): void => resolve();
      res.once('close', ended);
      signal.addEventListener('abort', ended, { once: true });
      await promise;
      signal.removeEventListener('abort', ended);
    }
  }
}
