import type { OutgoingHttpHeaders } from 'node:http2';
import { sensitiveHeaders } from 'node:http2';
import { GRPC_PORT, parseEndpoint } from '../pool/endpoint.js';
import { Pool } from '../pool/pool.js';
import type { PoolStats } from '../pool/pool.js';
import { resolvePoolOptions } from '../pool/pool-options.js';
import type { PoolOptions } from '../pool/pool-options.js';
import { refused, refusedForSize, retry } from '../send/outcome.js';
import type { Batch } from '../send/sender.js';
import type { Trail } from '../send/trail.js';
import { decodeExportResponse } from '../wire/export-response.js';
import type { ExportResponse } from '../wire/export-response.js';
import type { Signal } from '../wire/model.js';
import { Attempts } from './attempts.js';
import type { Attempted } from './attempts.js';
import { decompress } from './encoding.js';
import type { Encoded } from './encoding.js';
import { exchange } from './grpc-exchange.js';
import type { GrpcReply } from './grpc-exchange.js';
import { grpcStatusIn } from './grpc-status.js';
import type { HeaderValues } from './headers.js';
import type { SenderOptions, Transport } from './sender-options.js';
import { USER_AGENT } from './user-agent.js';
import { exportVerdict, grpcVerdict, proxyVerdict } from './verdict.js';

export interface GrpcSenderOptions extends SenderOptions {
  /** The value of `grpc-timeout`, in ms. An attempt itself ends with the caller's signal. Default 10 s. */
  readonly timeoutMs?: number;
  readonly pool?: Omit<PoolOptions, 'clock'>;
}

/** Only the sender calls `pool.close`. The rest may be used at any time. */
export interface GrpcSender extends Transport {
  readonly pool: { readonly stats: PoolStats; reconnectNow(): void };
}

const PREFIX_BYTES = 5;

const PATHS: Readonly<Record<Signal, string>> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
};

/**
 * OTLP/gRPC over `node:http2`: one unary call for each batch. Chunks are written without a copy. A path in the
 * endpoint is ignored, as in gRPC. Throws TransportConfigError.
 */
export function createGrpcSender(options: GrpcSenderOptions): GrpcSender {
  const attempts = new Attempts(parseEndpoint(options.endpoint, GRPC_PORT), options);
  const { endpoint, tls, clock, warn, maxResponseBytes } = attempts;
  const pool = new Pool(endpoint, tls, resolvePoolOptions({ ...options.pool, clock }));
  const timeoutMs = Math.min(options.timeoutMs ?? 10_000, 99_999_999);

  async function attempt(
    batch: Batch,
    encoded: Encoded,
    values: HeaderValues,
    signal: AbortSignal,
    trail: Trail,
  ): Promise<Attempted> {
    const opened = await pool.open(headersOf(batch.signal, encoded, values), signal);
    if (opened.kind === 'failed') {
      trail.unsent = true;
      return said(retry(opened.reason, opened.afterMs));
    }
    const attempted = await judge(await exchange(opened, encoded, maxResponseBytes, signal), batch);
    return { ...attempted, connection: opened.session };
  }

  function headersOf(
    signal: Signal,
    { encoding }: Encoded,
    values: HeaderValues,
  ): OutgoingHttpHeaders {
    return {
      ':method': 'POST',
      ':scheme': endpoint.tls ? 'https' : 'http',
      ':authority': endpoint.authority,
      ':path': PATHS[signal],
      te: 'trailers',
      'user-agent': USER_AGENT,
      ...values,
      'content-type': 'application/grpc+proto',
      'grpc-timeout': `${timeoutMs}m`,
      'grpc-accept-encoding': 'identity,gzip',
      ...(encoding !== 'identity' && { 'grpc-encoding': encoding }),
      // Tokens must not be kept in HPACK's table. Nor must `grpc-encoding`: gRPC C-core servers keep the error of an
      // unknown encoding with its entry, and fail each later request that refers to it, whatever its encoding.
      [sensitiveHeaders]: [...Object.keys(values), 'grpc-encoding'],
    };
  }

  /** Judges a reply in the order in which its parts count: connection, HTTP, gRPC, OTLP. */
  async function judge(reply: GrpcReply, batch: Batch): Promise<Attempted> {
    if (reply.kind === 'aborted') return said(retry('aborted'));
    if (reply.kind === 'too_large') return said(refused('response_too_large'));
    if (reply.kind === 'broken') {
      const unprocessed = reply.unprocessed ? 'surely' : undefined;
      return { outcome: retry(reply.reason), message: '', unprocessed };
    }
    options.onReply?.(reply.headers);
    const status = reply.trailers && grpcStatusIn(reply.trailers);
    if (status === undefined) {
      const http = Number(reply.headers[':status']);
      const isGrpc = String(reply.headers['content-type']).startsWith('application/grpc');
      if (http === 200 && isGrpc) return said(retry('no_trailers'));
      if (http === 413) return said(refusedForSize('413'));
      const message = `the reply is HTTP ${http} and none of gRPC`;
      return { outcome: proxyVerdict(http, textOf(reply.headers['retry-after'])), message };
    }
    if (status.code !== 'OK') return { outcome: grpcVerdict(status), message: status.message };
    const response = await responseIn(reply.body, String(reply.headers['grpc-encoding'] ?? ''));
    if (response === 'too_large') return said(refused('response_too_large'));
    return { outcome: exportVerdict(response, batch.items), message: response.message };
  }

  /** An unreadable response counts as an empty one: the status said that the batch is accepted. */
  async function responseIn(body: Buffer, encoding: string): Promise<ExportResponse | 'too_large'> {
    const empty: ExportResponse = { rejected: 0, message: '' };
    if (body.length === 0) return empty;
    const message = body.subarray(PREFIX_BYTES);
    const isWhole = body.length >= PREFIX_BYTES && body.readUInt32BE(1) === message.length;
    const plain = await decompress(message, body[0] === 1 ? encoding : '', maxResponseBytes);
    if (plain.kind === 'too_large') return 'too_large';
    try {
      if (isWhole && plain.kind === 'complete') return decodeExportResponse(plain.bytes);
    } catch {
      // The warning follows below.
    }
    warn('unreadable_response', 'the batch is accepted, the response cannot be read');
    return empty;
  }

  return {
    pool,
    get certificateExpiresAt() {
      return tls?.expiresAt;
    },
    send: (batch, signal, trail) => attempts.run(batch, signal, trail, attempt),
    close() {
      attempts.close();
      const deadline = new AbortController();
      const stopTimer = clock.after(attempts.closeTimeoutMs, () => deadline.abort());
      return pool.close(deadline.signal).finally(stopTimer);
    },
  };
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function said(outcome: Attempted['outcome']): Attempted {
  return { outcome, message: '' };
}
