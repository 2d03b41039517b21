import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { failure, type Answer } from '../query/answer.js';
import { Params } from '../query/params.js';
import type { LiveFeed } from '../live/feed.js';
import { guard } from './guard.js';
import { notFound, type Routes } from './routes.js';

export interface ApiOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly routes: Routes;
  readonly live: LiveFeed;
  /** Called when a handler threw, which is a bug of ours. The client gets 500 without details. */
  readonly onError: (error: unknown) => void;
}

const LIVE = '/api/live';
const MAX_CONNECTIONS = 64;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const CLOSE_GRACE_MS = 1_000;

const safeHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

/** The JSON API on its own port. */
export class Api {
  readonly #options: ApiOptions;
  readonly #server: Server;
  #closed: Promise<void> | undefined;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#server = createServer(
      { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
      (request, response) => this.#serve(request, response),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('clientError', (_error, socket) => refuseRequest(socket as Socket));
  }

  /** Resolves with the port. Rejects with Node's own error, such as EADDRINUSE. */
  start(): Promise<number> {
    const { host, port } = this.#options;
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, () => {
        server.off('error', reject);
        server.on('error', (error) => this.#options.onError(error));
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Gives pending answers a second, or until the signal aborts; then their connections are cut. */
  close(signal?: AbortSignal): Promise<void> {
    this.#closed ??= this.#close(signal);
    return this.#closed;
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    const server = this.#server;
    if (!server.listening) return;
    function cut(): void {
      server.closeAllConnections();
    }
    const timer = setTimeout(cut, CLOSE_GRACE_MS);
    signal?.addEventListener('abort', cut, { once: true });
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeIdleConnections();
    if (signal?.aborted === true) cut();
    await closed;
    clearTimeout(timer);
    signal?.removeEventListener('abort', cut);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    // 1. The guard, before any part of the request is used.
    const refused = guard(request.headers);
    if (refused !== undefined) {
      send(request, response, refused);
      return;
    }
    const target = request.url ?? '/';
    const query = target.indexOf('?');
    const path = query === -1 ? target : target.slice(0, query);
    // 2. The live feed holds its connection. Other requests are answered at once.
    const found = path === LIVE ? 'live' : this.#options.routes(path);
    if (found === undefined) {
      send(request, response, notFound);
      return;
    }
    const method = found === 'live' ? 'GET' : found.route.method;
    if (!allows(method, request.method)) {
      const allow = method === 'GET' ? 'GET, HEAD' : method;
      response.setHeader('allow', allow);
      send(request, response, failure(405, 'method_not_allowed', `this path takes ${allow}`));
      return;
    }
    // 3. No path takes a body, so none is read.
    if (hasBody(request)) {
      send(request, response, failure(413, 'body_not_allowed', 'send no body'));
      return;
    }
    if (found === 'live') {
      this.#live(request, response);
      return;
    }
    const params = new Params(new URLSearchParams(query === -1 ? '' : target.slice(query + 1)));
    let answer: Answer;
    try {
      answer = found.route.answer(params, found.segment);
    } catch (error) {
      this.#options.onError(error);
      answer = failure(500, 'internal', 'the lens failed to answer; this is a fault of the lens');
    }
    send(request, response, answer);
  }

  #live(request: IncomingMessage, response: ServerResponse): void {
    const { live } = this.#options;
    if (request.method !== 'HEAD' && live.isFull) {
      send(request, response, failure(503, 'too_many_clients', 'close another live view first'));
      return;
    }
    response.writeHead(200, { ...safeHeaders, 'content-type': 'text/event-stream' });
    if (request.method === 'HEAD') response.end();
    else live.add(response);
  }
}

function send(request: IncomingMessage, response: ServerResponse, { status, body }: Answer): void {
  const bytes = Buffer.from(JSON.stringify(body));
  // The rest of a refused request is not read: its connection ends with the answer.
  const ends = hasBody(request);
  response.writeHead(status, {
    ...safeHeaders,
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
    ...(ends && { connection: 'close' }),
  });
  response.end(bytes, () => {
    if (ends) request.destroy();
  });
}

function allows(method: 'GET' | 'POST', asked: string | undefined): boolean {
  return asked === method || (method === 'GET' && asked === 'HEAD');
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function refuseRequest(socket: Socket): void {
  if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
  else socket.destroy();
}
