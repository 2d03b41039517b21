import { asObject, int64, objectIn, stringIn } from './json-fields.js';
import { parseJson } from './json-text.js';
import type { Signal } from './model.js';
import { ProtobufReader } from './protobuf-reader.js';
import { ProtobufWriter } from './protobuf-writer.js';

/**
 * Export{Trace,Metrics,Logs}ServiceResponse. `rejected` 0 without a message is full success, which is sent as an
 * empty message; `rejected` 0 with a message is a warning.
 */
export interface ExportResponse {
  readonly rejected: number;
  readonly message: string;
}

const REJECTED_KEY: Readonly<Record<Signal, string>> = {
  traces: 'rejectedSpans',
  metrics: 'rejectedDataPoints',
  logs: 'rejectedLogRecords',
};

/** partial_success 1: rejected 1, error_message 2. Only the names differ between the signals. */
export function encodeExportResponse(response: ExportResponse): Uint8Array {
  const writer = new ProtobufWriter();
  if (response.rejected === 0 && response.message === '') return writer.finish();
  const partial = new ProtobufWriter().int(1, response.rejected).string(2, response.message);
  return writer.bytes(1, partial.finish()).finish();
}

/** The response as OTLP/JSON. */
export function encodeExportResponseJson(signal: Signal, response: ExportResponse): string {
  if (response.rejected === 0 && response.message === '') return '{}';
  return JSON.stringify({
    partialSuccess: {
      [REJECTED_KEY[signal]]: String(response.rejected),
      errorMessage: response.message,
    },
  });
}

/** Throws WireError. */
export function decodeExportResponse(bytes: Uint8Array): ExportResponse {
  const reader = new ProtobufReader(bytes);
  let rejected = 0;
  let message = '';
  while (reader.next()) {
    if (reader.field !== 1) {
      reader.skip();
      continue;
    }
    const outer = reader.open();
    while (reader.next()) {
      if (reader.field === 1) rejected = Number(reader.int64());
      else if (reader.field === 2) message = reader.string();
      else reader.skip();
    }
    reader.close(outer);
  }
  return { rejected, message };
}

/** Throws WireError. */
export function decodeExportResponseJson(signal: Signal, text: string): ExportResponse {
  const partial = objectIn(asObject(parseJson(text)), 'partialSuccess', (value) => {
    const key = REJECTED_KEY[signal];
    return {
      rejected: Number(int64(value[key] ?? 0, key)),
      message: stringIn(value, 'errorMessage'),
    };
  });
  return partial ?? { rejected: 0, message: '' };
}
