/**
 * OTLP 1.11 as plain values: the output of the reader, and the model of receivers, stores and tests.
 * Source: opentelemetry-proto, `opentelemetry/proto/{trace,metrics,logs,common,resource}/v1`.
 */

/**
 * All signals. The order never changes: slabs store a signal as its index in this list, and records of the spool as
 * its index plus 1.
 */
export const SIGNALS = ['traces', 'metrics', 'logs'] as const;

/** A kind of telemetry, with the names of the OTLP paths. */
export type Signal = (typeof SIGNALS)[number];

/** OTLP over gRPC, or over HTTP with protobuf or JSON, by the names of `OTEL_EXPORTER_OTLP_PROTOCOL`. */
export const PROTOCOLS = ['grpc', 'http/protobuf', 'http/json'] as const;

/** One of {@link PROTOCOLS}. */
export type Protocol = (typeof PROTOCOLS)[number];

/** int64 is a number if it is safe, else a bigint. Objects have no prototype. */
export type AnyValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly AnyValue[]
  | { readonly [key: string]: AnyValue };

/** No prototype, so that a key such as `__proto__` is data. Of equal keys the last one stays. */
export type Attributes = { readonly [key: string]: AnyValue };

/** Nanoseconds since 1970, as OTLP carries them. */
export type UnixNano = bigint;

/** The source of telemetry: a process of a service. */
export interface Resource {
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
}

/** The instrumentation that made the telemetry. */
export interface Scope {
  readonly name: string;
  readonly version: string;
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
}

/** Items of type `I`, grouped by scope within resource. */
export interface ResourceGroup<I> {
  readonly resource: Resource;
  readonly schemaUrl: string;
  readonly scopes: readonly ScopeGroup<I>[];
}

/** Items of one scope. */
export interface ScopeGroup<I> {
  readonly scope: Scope;
  readonly schemaUrl: string;
  readonly items: readonly I[];
}

/** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
export type SpanKindNumber = number;
/** 0 unset, 1 ok, 2 error. */
export type StatusCodeNumber = number;

/** An event of a span. */
export interface SpanEvent {
  readonly time: UnixNano;
  readonly name: string;
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
}

/** A link of a span to another one, of this trace or of another. */
export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
  readonly flags: number;
}

/** A span as it was received. */
export interface Span {
  /** Lowercase hex, of the received length: the receiver validates the length. */
  readonly traceId: string;
  readonly spanId: string;
  /** `''` for a root. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  readonly kind: SpanKindNumber;
  readonly startTime: UnixNano;
  readonly endTime: UnixNano;
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
  readonly events: readonly SpanEvent[];
  readonly droppedEventsCount: number;
  readonly links: readonly SpanLink[];
  readonly droppedLinksCount: number;
  readonly status: { readonly code: StatusCodeNumber; readonly message: string };
}

/** A log record as it was received. */
export interface LogRecord {
  readonly time: UnixNano;
  readonly observedTime: UnixNano;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: AnyValue;
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
  readonly flags: number;
  /** `''` if the record belongs to no span. */
  readonly traceId: string;
  readonly spanId: string;
  readonly eventName: string;
}

/** A sample measurement of a point, with the span in which it was made. */
export interface Exemplar {
  readonly time: UnixNano;
  readonly value: number | bigint;
  readonly traceId: string;
  readonly spanId: string;
  readonly filteredAttributes: Attributes;
}

interface PointBase {
  readonly attributes: Attributes;
  readonly startTime: UnixNano;
  readonly time: UnixNano;
  readonly flags: number;
  readonly exemplars: readonly Exemplar[];
}

/** A point of a gauge or a sum. */
export interface NumberPoint extends PointBase {
  /** 0 if the point has no value, which bit 0 of `flags` says. */
  readonly value: number | bigint;
}

/** A point of a histogram with explicit bounds. */
export interface HistogramPoint extends PointBase {
  readonly count: bigint;
  readonly sum: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly bucketCounts: readonly bigint[];
  readonly explicitBounds: readonly number[];
}

/** Buckets of one sign: the bucket at index `i` begins at base ** (offset + i). */
export interface ExponentialBuckets {
  readonly offset: number;
  readonly bucketCounts: readonly bigint[];
}

/** A point of an exponential histogram; base = 2 ** (2 ** -scale). */
export interface ExponentialHistogramPoint extends PointBase {
  readonly count: bigint;
  readonly sum: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly scale: number;
  readonly zeroCount: bigint;
  readonly zeroThreshold: number;
  readonly positive: ExponentialBuckets;
  readonly negative: ExponentialBuckets;
}

/** A point of a summary, which older instrumentation sends. */
export interface SummaryPoint extends Omit<PointBase, 'exemplars'> {
  readonly count: bigint;
  readonly sum: number;
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[];
}

/** 0 unspecified, 1 delta, 2 cumulative. */
export type TemporalityNumber = number;

/** The points of a metric, by its kind. */
export type MetricData =
  | { readonly kind: 'gauge'; readonly points: readonly NumberPoint[] }
  | {
      readonly kind: 'sum';
      readonly points: readonly NumberPoint[];
      readonly temporality: TemporalityNumber;
      readonly monotonic: boolean;
    }
  | {
      readonly kind: 'histogram';
      readonly points: readonly HistogramPoint[];
      readonly temporality: TemporalityNumber;
    }
  | {
      readonly kind: 'exponentialHistogram';
      readonly points: readonly ExponentialHistogramPoint[];
      readonly temporality: TemporalityNumber;
    }
  | { readonly kind: 'summary'; readonly points: readonly SummaryPoint[] }
  | { readonly kind: 'none'; readonly points: readonly never[] };

/** The points of a metric of one kind. */
export type MetricDataOf<K extends MetricData['kind']> = Extract<MetricData, { readonly kind: K }>;

/** A metric as it was received. */
export interface Metric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly metadata: Attributes;
  readonly data: MetricData;
}

/** One export request, decoded. */
export type ExportRequest =
  | { readonly signal: 'traces'; readonly groups: readonly ResourceGroup<Span>[] }
  | { readonly signal: 'metrics'; readonly groups: readonly ResourceGroup<Metric>[] }
  | { readonly signal: 'logs'; readonly groups: readonly ResourceGroup<LogRecord>[] };
