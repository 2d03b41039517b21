import { constants, createServer } from 'node:http2';
import type {
  Http2Session,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { readBody } from './body.js';
import type { Body } from './body.js';
import { Connections } from './connections.js';
import { CLOSE_GRACE_MS, joinHeaders, listen, taken } from './endpoint.js';
import type { Endpoint } from './endpoint.js';
import { encodeExportResponse } from '../wire/export-response.js';
import { encodeGrpcMessage, frame, unframe } from './grpc-frames.js';
import { isAllowedOrigin } from './hosts.js';
import { malformed, OVERLOADED, TOO_LARGE, TOO_SLOW } from './export-service.js';
import type { ExportService, Refusal } from './export-service.js';
import type { Signal } from '../wire/model.js';
import type { ExportReply } from './receiver-options.js';
import { encodeStatus } from '../wire/status.js';
import { PERMISSION_DENIED, UNIMPLEMENTED } from '../wire/status-codes.js';

const PREFIX_BYTES = 5;
const GRPC_TYPE = /^application\/grpc(?:\+proto)?(?:;|$)/;
/** A stream's window. With HTTP/2's default of 64 KiB every batch would wait for round trips. */
const STREAM_WINDOW = 8 * 1024 * 1024;
const SESSION_WINDOW = 32 * 1024 * 1024;
const MAX_STREAMS = 128;
/** In MB. Node's default of 10 refuses streams that the windows above admit. */
const MAX_SESSION_MEMORY = 64;

const SIGNALS: ReadonlyMap<string | undefined, Signal> = new Map([
  ['/opentelemetry.proto.collector.trace.v1.TraceService/Export', 'traces'],
  ['/opentelemetry.proto.collector.metrics.v1.MetricsService/Export', 'metrics'],
  ['/opentelemetry.proto.collector.logs.v1.LogsService/Export', 'logs'],
]);

/** OTLP/gRPC: three unary methods over cleartext HTTP/2. `grpc-timeout` is left to the client. */
export function createGrpcEndpoint(service: ExportService): Endpoint {
  const connections = new Connections(service.limits.maxConnections);
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new WeakMap<Http2Session, Socket>();
  const server = createServer({
    settings: { initialWindowSize: STREAM_WINDOW, maxConcurrentStreams: MAX_STREAMS },
    maxSessionMemory: MAX_SESSION_MEMORY,
  });
  let accepted: Socket | undefined;
  connections.watch(server);
  // The session is made while 'connection' is emitted, and its `socket` property cannot be cut.
  server.prependListener('connection', (socket: Socket) => (accepted = socket));
  server.on('session', (session) => {
    sessions.add(session);
    if (accepted !== undefined) sockets.set(session, accepted);
    session.setLocalWindowSize(SESSION_WINDOW);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => session.destroy());
  });
  server.on('sessionError', () => {});

  server.on('stream', (stream, headers) => {
    stream.on('error', () => stream.destroy());
    const socket = stream.session === undefined ? undefined : sockets.get(stream.session);
    if (socket === undefined) {
      stream.destroy();
      return;
    }
    connections.begin(socket);
    exchange(stream, headers, socket)
      .catch(() => stream.destroy())
      .finally(() => connections.done(socket));
  });

  async function exchange(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    socket: Socket,
  ): Promise<void> {
    if (!GRPC_TYPE.test(headers['content-type'] ?? '')) {
      service.counts.rejected++;
      stream.respond({ ':status': 415 }, { endStream: true });
      stream.close(constants.NGHTTP2_NO_ERROR);
      return;
    }
    const reply = await replyTo(stream, headers);
    if (reply === 'aborted' || stream.destroyed || stream.closed) return;
    if (reply.kind === 'hang') return;
    if (reply.kind === 'reset') {
      socket.resetAndDestroy();
      return;
    }
    if (reply.kind === 'refused') refuse(stream, reply);
    else succeed(stream, reply);
    await taken(stream, 'close', service.limits.bodyTimeoutMs);
  }

  async function replyTo(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
  ): Promise<ExportReply | 'aborted'> {
    const signal = SIGNALS.get(headers[':path']);
    if (signal === undefined) return service.reject(unimplemented(`no method ${headers[':path']}`));
    if (!isAllowedOrigin(headers.origin)) {
      return service.reject({
        kind: 'refused',
        code: PERMISSION_DENIED,
        message: 'origin refused',
      });
    }
    const { maxBodyBytes, bodyTimeoutMs } = service.limits;
    const body = await readBody(stream, maxBodyBytes + PREFIX_BYTES, bodyTimeoutMs, service.held);
    if (body.kind !== 'complete') return failed(body);
    const unframed = unframe(body.bytes);
    if (unframed.kind === 'malformed') {
      service.held.give(body.bytes.length);
      return service.reject(malformed(unframed.reason));
    }
    const encoding = String(headers['grpc-encoding'] ?? 'identity');
    if (unframed.compressed && encoding !== 'gzip') {
      service.held.give(body.bytes.length);
      return service.reject(unimplemented(`no decompressor for ${encoding}`));
    }
    service.held.give(PREFIX_BYTES);
    return service.answer({
      signal,
      transport: 'grpc',
      headers: joinHeaders(headers),
      body: unframed.message,
      gzip: unframed.compressed,
    });
  }

  function failed(body: Exclude<Body, { readonly kind: 'complete' }>): Refusal | 'aborted' {
    if (body.kind === 'aborted') return 'aborted';
    if (body.kind === 'too_large') return service.reject(TOO_LARGE);
    return service.reject(body.kind === 'overloaded' ? OVERLOADED : TOO_SLOW);
  }

  return {
    listen: (port, host) => listen(server, port, host),
    connections: () => connections.size,
    async close(signal) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.close();
      await connections.drained(CLOSE_GRACE_MS, signal);
      connections.destroyAll();
      await closed;
    },
  };
}

function unimplemented(message: string): Refusal {
  return { kind: 'refused', code: UNIMPLEMENTED, message };
}

function succeed(
  stream: ServerHttp2Stream,
  reply: Extract<ExportReply, { readonly kind: 'accepted' | 'partial' }>,
): void {
  const rejected = reply.kind === 'partial' ? reply.rejected : 0;
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.respond(grpcHeaders(), { waitForTrailers: true });
  stream.end(frame(encodeExportResponse({ rejected, message: reply.message ?? '' })));
}

/** Trailers-Only. The rest of a body that was not read to the end is not requested. */
function refuse(stream: ServerHttp2Stream, refusal: Refusal): void {
  const { code, message, retryAfterMs } = refusal;
  const headers = grpcHeaders();
  headers['grpc-status'] = String(code);
  headers['grpc-message'] = encodeGrpcMessage(message);
  if (retryAfterMs !== undefined) {
    const status = encodeStatus({ code, message, retryAfterMs });
    headers['grpc-status-details-bin'] = Buffer.from(status).toString('base64');
  }
  stream.respond(headers, { endStream: true });
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}

function grpcHeaders(): OutgoingHttpHeaders {
  return {
    ':status': 200,
    'content-type': 'application/grpc',
    'grpc-accept-encoding': 'identity,gzip',
  };
}
