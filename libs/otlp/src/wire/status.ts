import { asObject, eachIn, int32In, stringIn } from './json-fields.js';
import { parseJson } from './json-text.js';
import { ProtobufReader } from './protobuf-reader.js';
import { ProtobufWriter } from './protobuf-writer.js';
import { WireError } from './wire-error.js';

/** google.rpc.Status with the only detail that OTLP defines: google.rpc.RetryInfo. */
export interface Status {
  /** gRPC status code. */
  readonly code: number;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
}

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';
const DURATION = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;

/** Status: code 1, message 2, details 3 as Any (type_url 1, value 2). */
export function encodeStatus(status: Status): Uint8Array {
  const writer = new ProtobufWriter().int(1, status.code).string(2, status.message);
  if (status.retryAfterMs === undefined) return writer.finish();
  const { seconds, nanos } = durationOf(status.retryAfterMs);
  const delay = new ProtobufWriter().int(1, seconds).int(2, nanos).finish();
  const retryInfo = new ProtobufWriter().bytes(1, delay).finish();
  const detail = new ProtobufWriter().string(1, RETRY_INFO).bytes(2, retryInfo);
  return writer.bytes(3, detail.finish()).finish();
}

/** The status as the JSON form of `google.rpc.Status`. */
export function encodeStatusJson(status: Status): string {
  const { code, message, retryAfterMs } = status;
  if (retryAfterMs === undefined) return JSON.stringify({ code, message });
  const { seconds, nanos } = durationOf(retryAfterMs);
  const fraction = nanos === 0 ? '' : `.${String(nanos).padStart(9, '0')}`;
  const details = [{ '@type': RETRY_INFO, retryDelay: `${seconds}${fraction}s` }];
  return JSON.stringify({ code, message, details });
}

/** Details other than RetryInfo are skipped. Throws WireError. */
export function decodeStatus(bytes: Uint8Array): Status {
  const reader = new ProtobufReader(bytes);
  let code = 0;
  let message = '';
  let retryAfterMs: number | undefined;
  while (reader.next()) {
    if (reader.field === 1) code = reader.int32();
    else if (reader.field === 2) message = reader.string();
    else if (reader.field === 3) retryAfterMs = readDetail(reader) ?? retryAfterMs;
    else reader.skip();
  }
  return retryAfterMs === undefined ? { code, message } : { code, message, retryAfterMs };
}

/** Throws WireError. */
export function decodeStatusJson(text: string): Status {
  const value = asObject(parseJson(text));
  let retryAfterMs: number | undefined;
  eachIn(value, 'details', (detail) => {
    if (detail['@type'] !== RETRY_INFO) return;
    const match = DURATION.exec(stringIn(detail, 'retryDelay'));
    if (match === null) throw new WireError('json_value', 'not a duration', 'retryDelay');
    const nanos = Number((match[3] ?? '').padEnd(9, '0'));
    retryAfterMs = (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 1000 + nanos / 1e6);
  });
  const status = { code: int32In(value, 'code'), message: stringIn(value, 'message') };
  return retryAfterMs === undefined ? status : { ...status, retryAfterMs };
}

function readDetail(reader: ProtobufReader): number | undefined {
  const outer = reader.open();
  let type = '';
  let value: Uint8Array | undefined;
  while (reader.next()) {
    if (reader.field === 1) type = reader.string();
    else if (reader.field === 2) value = reader.bytes();
    else reader.skip();
  }
  reader.close(outer);
  return type === RETRY_INFO && value !== undefined ? readRetryInfo(value) : undefined;
}

/** RetryInfo: retry_delay 1 as Duration (seconds 1, nanos 2). */
function readRetryInfo(bytes: Uint8Array): number {
  const reader = new ProtobufReader(bytes);
  let milliseconds = 0;
  while (reader.next()) {
    if (reader.field !== 1) {
      reader.skip();
      continue;
    }
    const outer = reader.open();
    while (reader.next()) {
      if (reader.field === 1) milliseconds += Number(reader.int64()) * 1000;
      else if (reader.field === 2) milliseconds += reader.int32() / 1e6;
      else reader.skip();
    }
    reader.close(outer);
  }
  return milliseconds;
}

function durationOf(milliseconds: number): { seconds: number; nanos: number } {
  const whole = Math.max(0, milliseconds);
  const seconds = Math.floor(whole / 1000);
  return { seconds, nanos: Math.min(999_999_999, Math.round((whole - seconds * 1000) * 1e6)) };
}
