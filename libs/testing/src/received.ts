import type { ExportReply, Transport } from '@nestlens/otlp/receiver';
import type {
  ExportRequest,
  LogRecord,
  Metric,
  Resource,
  ResourceGroup,
  Scope,
  Signal,
} from '@nestlens/otlp/wire';
import type { ReceivedSpan } from './span-view.js';

interface Origin {
  readonly resource: Resource;
  readonly scope: Scope;
}

/** A log record as received, with its resource and scope. */
export type ReceivedLogRecord = LogRecord & Origin;
/** A metric as received, with its resource and scope. */
export type ReceivedMetric = Metric & Origin;

/** One export request and the answer to it. */
export interface ReceivedRequest {
  readonly signal: Signal;
  readonly transport: Transport;
  /** Headers, with names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes on the wire, before decompression. */
  readonly bytes: number;
  /** Number of spans, log records or data points. */
  readonly items: number;
  readonly reply: ExportReply;
  readonly request: ExportRequest;
}

export const spansOf = (request: ExportRequest): ReceivedSpan[] =>
  request.signal === 'traces' ? flatten(request.groups) : [];

export const logRecordsOf = (request: ExportRequest): ReceivedLogRecord[] =>
  request.signal === 'logs' ? flatten(request.groups) : [];

export const metricsOf = (request: ExportRequest): ReceivedMetric[] =>
  request.signal === 'metrics' ? flatten(request.groups) : [];

/** OTLP counts data points instead of metrics. */
export const itemsOf = (request: ExportRequest): number =>
  request.signal === 'metrics'
    ? metricsOf(request).reduce((sum, metric) => sum + metric.data.points.length, 0)
    : spansOf(request).length + logRecordsOf(request).length;

/** Returns whether the peer may count the request as delivered. */
export const taken = (reply: ExportReply): boolean =>
  reply.kind === 'accepted' || reply.kind === 'partial';

export const formatRequests = (requests: readonly ReceivedRequest[]): string =>
  requests
    .map(({ transport, signal, items, reply }) => {
      const code = reply.kind === 'refused' ? ` with ${reply.code}` : '';
      return `${signal} over ${transport}: ${items} items, ${reply.kind}${code}`;
    })
    .join('\n');

const flatten = <I extends object>(groups: readonly ResourceGroup<I>[]): (I & Origin)[] =>
  groups.flatMap(({ resource, scopes }) =>
    scopes.flatMap(({ scope, items }) => items.map((item) => ({ ...item, resource, scope }))),
  );
