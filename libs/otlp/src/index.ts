export { createPipeline } from './pipeline/create-pipeline.js';
export type { FlushResult, Pipeline, PipelineStats, ShutdownReport } from './pipeline/pipeline.js';
export type {
  DestinationOptions,
  PipelineOptions,
  SpoolSettings,
} from './pipeline/pipeline-options.js';
export type { Temporality } from './pipeline/metric-exporter.js';
export { boundedReader } from './cardinality/bounded-reader.js';
export type { BoundedReaderOptions } from './cardinality/bounded-reader.js';
export { BoundedMeterProvider } from './cardinality/bounded-meter.js';
export type { BoundedMetersOptions } from './cardinality/bounded-meter.js';
/** @internal */
export { Histograms } from './histogram/histograms.js';
/** @internal */
export { seriesOf } from './histogram/series.js';
/** @internal */
export type { HistogramSeries, SeriesHistogram } from './histogram/series.js';
/** @internal For the command `nestlens doctor`. */
export { sendEmptyExports } from './pipeline/empty-export.js';
/** @internal */
export type { EmptyExport, ReplyDate } from './pipeline/empty-export.js';
export type { ExporterState } from './pipeline/worker-messages.js';
export type { WorkerEntry } from './pipeline/pipeline-options.js';
/** @internal */
export { mistakeAt } from './pipeline/likely-mistake.js';
/** @internal */
export { systemClock } from './send/sender.js';
/** @internal */
export type { Clock } from './send/sender.js';
/** @internal */
export { certificateMetrics } from './ledger/certificate-metrics.js';
export { LiveSpans, liveSpanMetrics, unendedText } from './ledger/live-spans.js';
export type { LedgerSnapshot, SignalLedger } from './ledger/ledger.js';
export type { DropReason } from './ledger/ledger-words.js';
/** @internal */
export { LogRateLimit } from './ledger/log-rate-limit.js';
export type { SelfLogLevel } from './ledger/self-log.js';
export type { BreakerState } from './layers/breaker-circuit.js';
export type { DropPolicy } from './slab/slab-writer.js';
export type { ItemCounts } from './send/item-counts.js';
export type { SpoolStats } from './spool/counts.js';
export { apiKey, basic, bearer } from './transport/headers.js';
export type { HeaderValues, Headers } from './transport/headers.js';
export type { Encoding } from './transport/encoding.js';
/** @internal */
export { VERSION } from './transport/version.js';
export { TransportConfigError } from './pool/config-error.js';
export type { TransportConfigErrorCode } from './pool/config-error.js';
/** @internal */
export { GRPC_PORT, originOf, readEndpoint, urlOf } from './pool/endpoint.js';
/** @internal */
export type { Endpoint, EndpointFault, EndpointReading } from './pool/endpoint.js';
/** @internal */
export { checkDestination } from './transport/destination-check.js';
/** @internal */
export type {
  CheckableDestination,
  CheckedDestination,
  CheckSources,
  DestinationFault,
} from './transport/destination-check.js';
/** @internal */
export { readTls } from './pool/tls-files.js';
/** @internal */
export type { TlsReading } from './pool/tls-files.js';
/** @internal */
export { TLS_FILES } from './pool/tls-material.js';
/** @internal */
export type { TlsFile, TlsFinding, TlsJudgement, TlsMaterial } from './pool/tls-material.js';
export type { TlsOptions } from './pool/tls-material.js';
export { DEFAULT_ENCODE_LIMITS } from './encode/limits.js';
export type { EncodeLimits } from './encode/limits.js';
/** @internal For the tracer of the module, whose spans the encoder reads as they are. */
export { AttributeBlock, bitOf } from './encode/attribute-block.js';
/** @internal */
export { FLAT, flatOf } from './encode/flat-span.js';
/** @internal */
export type { FlatAttributes, FlatSpan, FlatSpanProcessor } from './encode/flat-span.js';
/** @internal */
export { SpanIdentity, TraceId } from './encode/span-identity.js';
export type { Outcome } from './send/outcome.js';
export { PROTOCOLS, SIGNALS } from './wire/model.js';
export type { Protocol, Signal } from './wire/model.js';
export { GRPC_CODES } from './wire/status-codes.js';
export type { GrpcCode } from './wire/status-codes.js';
