/**
 * A server of OTLP: export requests over gRPC and HTTP, with hard limits.
 *
 * @module @nestlens/otlp/receiver
 */

export { createOtlpReceiver } from './receiver.js';
export type { OtlpReceiver, ReceiverPorts } from './receiver.js';
export type {
  ExportReply,
  OtlpReceiverOptions,
  ReceivedExport,
  ReceiverLimits,
  ReceiverStats,
  Transport,
} from './receiver-options.js';
export { DEFAULT_RECEIVER_LIMITS } from './receiver-limits.js';
