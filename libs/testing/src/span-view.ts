import type { Resource, Scope, Span } from '@nestlens/otlp/wire';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/** A span as received, with its resource and scope. */
export interface ReceivedSpan extends Span {
  readonly resource: Resource;
  readonly scope: Scope;
}

/** Spans of both kinds: received over OTLP, or ended in this process. */
export type AnySpan = ReceivedSpan | ReadableSpan;

/** Kinds of spans by name. */
export type SpanKindName =
  | 'unspecified'
  | 'internal'
  | 'server'
  | 'client'
  | 'producer'
  | 'consumer';
/** Statuses of spans by name. */
export type SpanStatusName = 'unset' | 'ok' | 'error';

/** An event of a span. */
export interface SpanViewEvent {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The properties of a span that tree, matcher and printer need, for both kinds of spans. */
export interface SpanView {
  readonly traceId: string;
  readonly spanId: string;
  /** `''` for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: SpanKindName;
  /** `service.name` of its resource, or `''`. */
  readonly service: string;
  /** Name of its instrumentation scope. */
  readonly scope: string;
  readonly status: SpanStatusName;
  readonly statusMessage: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly SpanViewEvent[];
  /** Nanoseconds since 1970. */
  readonly startTime: bigint;
  readonly endTime: bigint;
}

/** Kinds, indexed by their OTLP number. */
const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUSES = ['unset', 'ok', 'error'] as const;

/** A kind of the API is one less than that of OTLP, where 0 is `unspecified`. */
const API_KIND_OFFSET = 1;

/** Returns the common form in which an SDK span and a received one are compared. */
export const viewOf = (span: AnySpan): SpanView =>
  'spanContext' in span ? viewOfReadable(span) : viewOfReceived(span);

const viewOfReceived = (span: ReceivedSpan): SpanView => ({
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId,
  name: span.name,
  kind: KINDS[span.kind] ?? 'unspecified',
  service: serviceName(span.resource.attributes),
  scope: span.scope.name,
  status: STATUSES[span.status.code] ?? 'unset',
  statusMessage: span.status.message,
  attributes: span.attributes,
  events: span.events,
  startTime: span.startTime,
  endTime: span.endTime,
});

const viewOfReadable = (span: ReadableSpan): SpanView => ({
  traceId: span.spanContext().traceId,
  spanId: span.spanContext().spanId,
  parentSpanId: span.parentSpanContext?.spanId ?? '',
  name: span.name,
  kind: KINDS[span.kind + API_KIND_OFFSET] ?? 'unspecified',
  service: serviceName(span.resource.attributes),
  scope: span.instrumentationScope.name,
  status: STATUSES[span.status.code] ?? 'unset',
  statusMessage: span.status.message ?? '',
  attributes: span.attributes,
  events: span.events.map(({ name, attributes }) => ({ name, attributes: attributes ?? {} })),
  startTime: nanos(span.startTime),
  endTime: nanos(span.endTime),
});

const serviceName = (attributes: Readonly<Record<string, unknown>>): string => {
  const name = attributes['service.name'];
  return typeof name === 'string' ? name : '';
};

const nanos = ([seconds, rest]: readonly [number, number]): bigint =>
  BigInt(seconds) * 1_000_000_000n + BigInt(rest);
