import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Http2Headers } from './metadata-carrier.js';
import { warnOfFault } from '../faults/fault-log.js';

/** Published by Node's own HTTP/2 server for each request, before grpc-js sees it. */
const CHANNEL = 'http2.server.stream.start';

interface StreamStart {
  readonly stream: { readonly session?: object };
  readonly headers: Http2Headers;
}

/** The fields of a grpc-js server by which a request is told to be its own, and unknown to it. */
interface GrpcServerFields {
  readonly handlers?: { has?(path: string): boolean };
  readonly http2Servers?: {
    values?(): Iterable<{ readonly sessions?: { has?(s: object): boolean } }>;
  };
}

/** Nest's transport server; it has the grpc-js server from `listen()` to `close()`. */
interface GrpcServerHolder {
  readonly grpcClient?: object | null;
}

const owns = (server: GrpcServerFields, session: object): boolean => {
  for (const { sessions } of server.http2Servers?.values?.() ?? []) {
    if (sessions?.has?.(session)) return true;
  }
  return false;
};

/**
 * Finds calls of methods that are not registered. grpc-js refuses them before any interceptor, so they are
 * seen on Node's channel; on a Node or a grpc-js where that does not work they stay unseen.
 */
export class UnknownMethods {
  readonly #holders: readonly GrpcServerHolder[];
  readonly #refused: (path: string, headers: Http2Headers) => void;
  #listening = false;

  constructor(
    holders: readonly GrpcServerHolder[],
    refused: (path: string, headers: Http2Headers) => void,
  ) {
    this.#holders = holders;
    this.#refused = refused;
  }

  /** Safe to call twice. Servers may be added to the given list at any time. */
  start(): void {
    if (this.#listening) return;
    this.#listening = true;
    subscribe(CHANNEL, this.#onStart);
  }

  stop(): void {
    unsubscribe(CHANNEL, this.#onStart);
    this.#listening = false;
  }

  readonly #onStart = (message: unknown): void => {
    try {
      const { stream, headers } = message as StreamStart;
      const path = headers[':path'];
      if (typeof path !== 'string' || !stream.session) return;
      for (const { grpcClient } of this.#holders) {
        const server = (grpcClient ?? {}) as GrpcServerFields;
        if (server.handlers?.has?.(path) === false && owns(server, stream.session)) {
          if (String(headers['content-type']).startsWith('application/grpc')) {
            this.#refused(path, headers);
          }
          return;
        }
      }
    } catch (error) {
      warnOfFault('gRPC: a request could not be checked for its method', error);
    }
  };
}
