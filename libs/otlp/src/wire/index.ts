/**
 * The wire format of OTLP: reading and writing export requests.
 *
 * @module @nestlens/otlp/wire
 */

export { decodeExportRequest } from './export-request.js';
export type { ExportRequestOf } from './export-request.js';
export { decodeExportRequestJson } from './json-export-request.js';
export { DEFAULT_DECODE_LIMITS } from './decode-limits.js';
export type { DecodeLimits } from './decode-limits.js';
export { WireError } from './wire-error.js';
export type { WireErrorCode } from './wire-error.js';
export {
  decodeExportResponse,
  decodeExportResponseJson,
  encodeExportResponse,
  encodeExportResponseJson,
} from './export-response.js';
export type { ExportResponse } from './export-response.js';
export { decodeStatus, decodeStatusJson, encodeStatus, encodeStatusJson } from './status.js';
export type { Status } from './status.js';
export { httpStatusOf } from './status-codes.js';
export { PROTOCOLS, SIGNALS } from './model.js';
export type * from './model.js';
