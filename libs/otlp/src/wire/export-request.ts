import type { DecodeLimits } from './decode-limits.js';
import { readGroups } from './groups.js';
import { readLogRecord } from './logs.js';
import { readMetric } from './metrics.js';
import type { ExportRequest, Signal } from './model.js';
import { ProtobufReader } from './protobuf-reader.js';
import { readSpan } from './spans.js';
import { WireError } from './wire-error.js';

/** The export request of one signal. */
export type ExportRequestOf<S extends Signal> = Extract<ExportRequest, { readonly signal: S }>;

/**
 * Reads an Export{Trace,Metrics,Logs}ServiceRequest in protobuf. Empty input is an empty request. Fields that OTLP
 * 1.11 does not know are skipped. Throws only {@link WireError}.
 */
export function decodeExportRequest<S extends Signal>(
  signal: S,
  bytes: Uint8Array,
  limits?: Partial<DecodeLimits>,
): ExportRequestOf<S> {
  const reader = new ProtobufReader(bytes, limits);
  try {
    return readRequest(signal, reader) as ExportRequestOf<S>;
  } catch (error) {
    if (error instanceof WireError && error.where === '') {
      throw error.within(`byte ${reader.position}`);
    }
    throw error;
  }
}

function readRequest(signal: Signal, reader: ProtobufReader): ExportRequest {
  if (signal === 'traces') return { signal, groups: readGroups(reader, readSpan) };
  if (signal === 'metrics') return { signal, groups: readGroups(reader, readMetric) };
  return { signal, groups: readGroups(reader, readLogRecord) };
}
