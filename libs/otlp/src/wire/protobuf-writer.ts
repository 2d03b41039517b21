/** Writes the few small messages of a receiver's answers: a list of parts that is joined once. */
export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];

  /** int32, int64 and enums. 0 is left out, as in proto3. */
  int(field: number, value: number | bigint): this {
    if (Number(value) === 0) return this;
    this.#parts.push(varint(BigInt(field << 3)), varint(BigInt.asUintN(64, BigInt(value))));
    return this;
  }

  /** The empty string is left out. */
  string(field: number, value: string): this {
    return value === '' ? this : this.bytes(field, Buffer.from(value));
  }

  /** Bytes or a message. Written even if empty, since an empty message is not a missing one. */
  bytes(field: number, value: Uint8Array): this {
    const tag = varint(BigInt((field << 3) | 2));
    this.#parts.push(tag, varint(BigInt(value.byteLength)), value);
    return this;
  }

  /** Tag and length of a message of `length` bytes that is written elsewhere. */
  opening(field: number, length: number): this {
    this.#parts.push(varint(BigInt((field << 3) | 2)), varint(BigInt(length)));
    return this;
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
