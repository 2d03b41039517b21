/*
 * The messages of `grpc.health.v1`, encoded and decoded by hand: a proto file and its loader would be more than these
 * few bytes.
 */

/** `HealthCheckResponse.ServingStatus`. */
export const SERVING = 1;
export const NOT_SERVING = 2;
export const SERVICE_UNKNOWN = 3;

/** Of fields in protobuf: the low three bits of a tag. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

const FIELD_1_VARINT = 8;
const FIELD_1_BYTES = 10;
const FIELD_2_BYTES = 18;

/** An object even where it is empty: grpc-js takes a request that is falsy for none, and answers UNIMPLEMENTED. */
export interface HealthRequest {
  /** Empty for the whole server. */
  readonly service: string;
}

/**
 * `HealthCheckRequest`. Skips fields of later versions.
 *
 * @throws RangeError for bytes that are no protobuf; grpc-js answers INTERNAL.
 */
export const readRequest = (bytes: Buffer): HealthRequest => {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes.readUInt8(at);
      at += 1;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new RangeError('a number is too long');
  };
  const skip = (length: number): number => {
    const from = at;
    if (from + length > bytes.length) throw new RangeError('a field ends behind the message');
    at += length;
    return from;
  };
  let service = '';
  while (at < bytes.length) {
    const tag = varint();
    const type = tag % 8;
    if (type === VARINT) varint();
    else if (type === FIXED64) skip(8);
    else if (type === FIXED32) skip(4);
    else if (type === BYTES) {
      const from = skip(varint());
      if (tag === FIELD_1_BYTES) service = bytes.toString('utf8', from, at);
    } else throw new RangeError('a field has no known type');
  }
  return { service };
};

/** `HealthListRequest` has no field. */
export const readListRequest = (): object => ({});

/** `HealthCheckResponse`. */
export const writeStatus = (status: number): Buffer => Buffer.of(FIELD_1_VARINT, status);

const lengthOf = (bytes: Buffer): Buffer => {
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest > 127; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
  return Buffer.of(...length, rest);
};

const field = (tag: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.of(tag), lengthOf(bytes), bytes]);

/** `HealthListResponse`: a map of names and statuses, each entry a message of its own. */
export const writeStatuses = (statuses: ReadonlyMap<string, number>): Buffer =>
  Buffer.concat(
    [...statuses].map(([name, status]) =>
      field(
        FIELD_1_BYTES,
        Buffer.concat([
          field(FIELD_1_BYTES, Buffer.from(name)),
          field(FIELD_2_BYTES, writeStatus(status)),
        ]),
      ),
    ),
  );
