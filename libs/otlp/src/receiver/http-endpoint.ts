import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { readBody } from './body.js';
import { Connections } from './connections.js';
import { CLOSE_GRACE_MS, joinHeaders, listen, taken } from './endpoint.js';
import type { Endpoint } from './endpoint.js';
import { encodeExportResponse, encodeExportResponseJson } from '../wire/export-response.js';
import { isAllowedHost, isAllowedOrigin } from './hosts.js';
import { OVERLOADED, TOO_LARGE, TOO_SLOW } from './export-service.js';
import type { ExportService, Refusal } from './export-service.js';
import type { Signal } from '../wire/model.js';
import type { ExportReply } from './receiver-options.js';
import { encodeStatus, encodeStatusJson } from '../wire/status.js';
import {
  httpStatusOf,
  INVALID_ARGUMENT,
  PERMISSION_DENIED,
  UNIMPLEMENTED,
} from '../wire/status-codes.js';

const SIGNALS: ReadonlyMap<string | undefined, Signal> = new Map([
  ['/v1/traces', 'traces'],
  ['/v1/metrics', 'metrics'],
  ['/v1/logs', 'logs'],
]);

/** Longer than clients keep idle sockets, so that the client closes them. */
const KEEP_ALIVE_MS = 75_000;
const CHECK_INTERVAL_MS = 1000;

type Format = 'protobuf' | 'json';

/** OTLP/HTTP: POST /v1/{traces,metrics,logs} in protobuf or JSON. */
export function createHttpEndpoint(
  service: ExportService,
  allowedHosts: readonly string[],
): Endpoint {
  const { limits } = service;
  const connections = new Connections(limits.maxConnections);
  const server = createServer({
    headersTimeout: limits.bodyTimeoutMs,
    // The body has its own timer, whose answer is a Status.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
  });
  connections.watch(server);

  server.on('request', (request, response) => {
    const socket = request.socket;
    request.on('error', () => {});
    response.on('error', () => {});
    connections.begin(socket);
    exchange(request, response)
      .catch(() => socket.destroy())
      .finally(() => connections.done(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (socket.writable && error.code !== 'ECONNRESET') {
      service.counts.rejected++;
      socket.end(`HTTP/1.1 ${statusOfParser(error.code)}\r\nConnection: close\r\n\r\n`);
    } else socket.destroy();
  });

  async function exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const format = formatOf(request.headers['content-type']);
    const reply = await replyTo(request, response, format);
    if (reply === 'aborted' || response.destroyed || reply.kind === 'hang') return;
    if (reply.kind === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    // Closing while the client is still sending would reset the connection, and the answer with it.
    if (!request.complete) {
      response.setHeader('connection', 'keep-alive');
      linger(request);
    }
    if (reply.kind === 'refused') refuse(response, reply, format ?? 'json');
    else succeed(response, reply, signalOf(request) ?? 'traces', format ?? 'json');
    await taken(response, 'finish', limits.bodyTimeoutMs);
  }

  async function replyTo(
    request: IncomingMessage,
    response: ServerResponse,
    format: Format | undefined,
  ): Promise<ExportReply | 'aborted'> {
    const { headers } = request;
    // 1. The sender: a page from elsewhere learns nothing, not even which paths exist.
    if (!isAllowedOrigin(headers.origin)) return reject(PERMISSION_DENIED, 403, 'origin refused');
    if (!isAllowedHost(headers.host, allowedHosts)) {
      return reject(PERMISSION_DENIED, 403, 'host refused');
    }
    // 2. The method and the path.
    const signal = signalOf(request);
    if (signal === undefined) return reject(UNIMPLEMENTED, 404, 'no such path');
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST');
      return reject(UNIMPLEMENTED, 405, 'only POST');
    }
    // 3. The content type and the encoding.
    if (format === undefined) {
      return reject(INVALID_ARGUMENT, 415, 'content-type is not OTLP protobuf or JSON');
    }
    const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
    if (encoding !== 'identity' && encoding !== 'gzip') {
      response.setHeader('accept-encoding', 'gzip');
      return reject(INVALID_ARGUMENT, 415, 'content-encoding is not gzip');
    }
    // 4. The size, before a byte of the body is read.
    if (Number(headers['content-length'] ?? 0) > limits.maxBodyBytes) {
      return service.reject(TOO_LARGE);
    }
    const body = await readBody(request, limits.maxBodyBytes, limits.bodyTimeoutMs, service.held);
    if (body.kind === 'aborted') return 'aborted';
    if (body.kind === 'too_large') return service.reject(TOO_LARGE);
    if (body.kind === 'overloaded') return service.reject(OVERLOADED);
    if (body.kind === 'too_slow') return service.reject(TOO_SLOW);
    return service.answer({
      signal,
      transport: format === 'json' ? 'http/json' : 'http/protobuf',
      headers: joinHeaders(headers),
      body: body.bytes,
      gzip: encoding === 'gzip',
    });
  }

  function reject(code: number, httpStatus: number, message: string): Refusal {
    return service.reject({ kind: 'refused', code, httpStatus, message });
  }

  /** Discards the rest of a body, for a while. */
  function linger(request: IncomingMessage): void {
    let left = limits.maxBodyBytes;
    const timer = setTimeout(() => request.socket.destroy(), limits.bodyTimeoutMs);
    timer.unref();
    request.once('close', () => clearTimeout(timer));
    request.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) request.socket.destroy();
    });
  }

  return {
    listen: (port, host) => listen(server, port, host),
    connections: () => connections.size,
    async close(signal) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await connections.drained(CLOSE_GRACE_MS, signal);
      connections.destroyAll();
      await closed;
    },
  };
}

function signalOf(request: IncomingMessage): Signal | undefined {
  return SIGNALS.get(request.url?.split('?', 1)[0]);
}

/** Undefined for a type that OTLP/HTTP does not have, including JSON in another charset than UTF-8. */
function formatOf(contentType: string | undefined): Format | undefined {
  const [type, ...parameters] = (contentType ?? '').toLowerCase().split(';');
  if (type?.trim() === 'application/x-protobuf') return 'protobuf';
  if (type?.trim() !== 'application/json') return undefined;
  const charset = parameters.map((each) => each.trim()).find((each) => each.startsWith('charset='));
  const utf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  return utf8 ? 'json' : undefined;
}

function succeed(
  response: ServerResponse,
  reply: Extract<ExportReply, { readonly kind: 'accepted' | 'partial' }>,
  signal: Signal,
  format: Format,
): void {
  const rejected = reply.kind === 'partial' ? reply.rejected : 0;
  const result = { rejected, message: reply.message ?? '' };
  if (format === 'json') send(response, 200, format, encodeExportResponseJson(signal, result));
  else send(response, 200, format, encodeExportResponse(result));
}

function refuse(response: ServerResponse, refusal: Refusal, format: Format): void {
  const { retryAfterMs } = refusal;
  if (retryAfterMs !== undefined) {
    response.setHeader('retry-after', String(Math.max(0, Math.ceil(retryAfterMs / 1000))));
  }
  const status = refusal.httpStatus ?? httpStatusOf(refusal.code);
  send(
    response,
    status,
    format,
    format === 'json' ? encodeStatusJson(refusal) : encodeStatus(refusal),
  );
}

function send(
  response: ServerResponse,
  status: number,
  format: Format,
  body: string | Uint8Array,
): void {
  response.writeHead(status, {
    'content-type': format === 'json' ? 'application/json' : 'application/x-protobuf',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

function statusOfParser(code: string | undefined): string {
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return '408 Request Timeout';
  return '400 Bad Request';
}
