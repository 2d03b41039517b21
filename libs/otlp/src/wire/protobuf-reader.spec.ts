import { ProtobufReader } from './protobuf-reader.js';
import { WireError } from './wire-error.js';
import type { WireErrorCode } from './wire-error.js';

/** Creates a reader that stands at the first field of `bytes`. */
function at(...bytes: number[]): ProtobufReader {
  const reader = new ProtobufReader(Uint8Array.from(bytes));
  expect(reader.next()).toBe(true);
  return reader;
}

function codeOf(read: () => unknown): WireErrorCode | 'none' {
  try {
    read();
    return 'none';
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
}

const VARINT = 0x08;
const FIXED64 = 0x09;
const LENGTH = 0x0a;
const FIXED32 = 0x0d;
const MAX_VARINT = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1];

describe('ProtobufReader', () => {
  it('reads integers of every size and sign', () => {
    expect(at(VARINT, 0).int64()).toBe(0);
    expect(at(VARINT, 0x96, 0x01).int64()).toBe(150);
    expect(at(VARINT, ...MAX_VARINT).int64()).toBe(-1);
    expect(at(VARINT, ...MAX_VARINT).int32()).toBe(-1);
    expect(at(VARINT, ...MAX_VARINT).uint32()).toBe(0xffff_ffff);
    expect(at(VARINT, 255, 255, 255, 255, 255, 255, 255, 15).int64()).toBe(2 ** 53 - 1);
    expect(at(VARINT, 128, 128, 128, 128, 128, 128, 128, 16).int64()).toBe(2n ** 53n);
    expect(at(VARINT, 129, 128, 128, 128, 128, 128, 128, 240, 255, 1).int64()).toBe(-(2 ** 53 - 1));
    expect(at(VARINT, 128, 128, 128, 128, 128, 128, 128, 240, 255, 1).int64()).toBe(-(2n ** 53n));
    expect(at(VARINT, 128, 128, 128, 128, 128, 128, 128, 128, 128, 1).int64()).toBe(-(2n ** 63n));
    expect(at(VARINT, 1).sint32()).toBe(-1);
    expect(at(VARINT, 0xff, 0xff, 0xff, 0xff, 0x0f).sint32()).toBe(-(2 ** 31));
    expect(at(VARINT, 0xfe, 0xff, 0xff, 0xff, 0x0f).sint32()).toBe(2 ** 31 - 1);
  });

  it('reads every varint except 0 as true, and accepts varints with needless bytes', () => {
    expect(at(VARINT, 128, 128, 128, 128, 128, 1).bool()).toBe(true);
    expect(at(VARINT, 0x80, 0x00).bool()).toBe(false);
    expect(at(VARINT, 0x81, 0x80, 0x00).int64()).toBe(1);
  });

  it('reads fixed values, text, bytes and hex', () => {
    expect(at(FIXED32, 1, 0, 0, 0x80).fixed32()).toBe(0x8000_0001);
    expect(at(FIXED64, ...MAX_VARINT.slice(0, 8)).fixed64()).toBe(2n ** 64n - 1n);
    expect(at(FIXED64, 255, 255, 255, 255, 255, 255, 255, 255).sfixed64()).toBe(-1);
    expect(at(FIXED64, 0, 0, 0, 0, 0, 0, 0, 0x80).sfixed64()).toBe(-(2n ** 63n));
    expect(at(FIXED64, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f).double()).toBeNaN();
    expect(at(LENGTH, 3, 0x61, 0xc3, 0xa9).string()).toBe('aé');
    expect(at(LENGTH, 2, 0x61, 0xff).string()).toBe('a\ufffd');
    expect(at(LENGTH, 0).string()).toBe('');
    expect(at(LENGTH, 2, 0x0a, 0xff).hex()).toBe('0aff');
    expect(at(LENGTH, 2, 1, 2).bytes()).toEqual(Uint8Array.from([1, 2]));
  });

  it('reads a short text the same the first and the second time', () => {
    const words = Array.from({ length: 20_000 }, (_, index) => `k${index % 7}${index}e`);
    for (const word of [...words, ...words]) {
      expect(at(LENGTH, word.length, ...Buffer.from(word)).string()).toBe(word);
    }
  });

  it('returns a copy of bytes, which does not change with the message', () => {
    const message = Uint8Array.from([LENGTH, 1, 7]);
    const reader = new ProtobufReader(message);
    reader.next();
    const bytes = reader.bytes();
    message.fill(0);
    expect(bytes).toEqual(Uint8Array.from([7]));
  });

  it('reads a part of a larger, shared buffer', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    shared.set([9, 9, VARINT, 42, 9]);
    const reader = new ProtobufReader(shared.subarray(2, 4));
    expect(reader.next()).toBe(true);
    expect(reader.int64()).toBe(42);
    expect(reader.next()).toBe(false);
  });

  it('reads packed and unpacked repeated numbers', () => {
    const counts: bigint[] = [];
    at(LENGTH, 3, 1, 0x80, 0x01).uint64s(counts);
    at(VARINT, 5).uint64s(counts);
    expect(counts).toEqual([1n, 128n, 5n]);
    const bounds: number[] = [];
    at(LENGTH, 8, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f).doubles(bounds);
    at(FIXED64, 0, 0, 0, 0, 0, 0, 0, 0x40).doubles(bounds);
    expect(bounds).toEqual([1, 2]);
  });

  it('skips unknown fields of every type', () => {
    const reader = at(
      VARINT,
      1,
      FIXED64,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      LENGTH,
      1,
      0,
      FIXED32,
      1,
      2,
      3,
      4,
    );
    let fields = 1;
    reader.skip();
    while (reader.next()) {
      reader.skip();
      fields++;
    }
    expect(fields).toBe(4);
  });

  it.each<[string, number[], WireErrorCode]>([
    ['field 0', [0x00, 0x00], 'field_number'],
    ['a field number beyond 2^29', [0x88, 0x80, 0x80, 0x80, 0x10, 0], 'field_number'],
    ['the start of a group', [0x0b], 'wire_type'],
    ['the end of a group', [0x0c], 'wire_type'],
    ['wire type 6', [0x0e], 'wire_type'],
    ['wire type 7', [0x0f], 'wire_type'],
    ['a varint of 11 bytes', [VARINT, ...Array.from({ length: 10 }, () => 128), 1], 'varint'],
    ['a varint above 64 bits', [VARINT, ...MAX_VARINT.slice(0, 9), 2], 'varint'],
    ['a varint that stops', [VARINT, 0x80], 'truncated'],
    ['a tag that stops', [0x80], 'truncated'],
    ['a length beyond the rest', [LENGTH, 2, 0], 'truncated'],
    ['a length of 2^32 - 1', [LENGTH, 255, 255, 255, 255, 15], 'truncated'],
    ['a length of 2^64 - 1', [LENGTH, ...Array.from({ length: 9 }, () => 255), 1], 'truncated'],
    ['fixed32 that stops', [FIXED32, 1, 2, 3], 'truncated'],
    ['fixed64 that stops', [FIXED64, 1, 2, 3, 4, 5, 6, 7], 'truncated'],
  ])('refuses %s', (_name, bytes, code) => {
    const reader = new ProtobufReader(Uint8Array.from(bytes));
    function readAll() {
      while (reader.next()) reader.skip();
    }
    expect(codeOf(readAll)).toBe(code);
  });

  it('refuses a field of the wrong wire type and says at which byte', () => {
    expect(codeOf(() => at(VARINT, 1).string())).toBe('wire_type');
    expect(codeOf(() => at(LENGTH, 1, 1).int64())).toBe('wire_type');
    expect(codeOf(() => at(FIXED32, 1, 1, 1, 1).double())).toBe('wire_type');
    expect(() => at(VARINT, 1).string()).toThrow('wire type 0 for field 1 at byte 1');
  });

  it('refuses a field that reaches beyond its message', () => {
    const reader = at(LENGTH, 3, LENGTH, 9, 0, VARINT, 1);
    reader.open();
    expect(reader.next()).toBe(true);
    expect(codeOf(() => reader.string())).toBe('truncated');
  });

  it('refuses packed values that do not fill their length', () => {
    expect(codeOf(() => at(LENGTH, 7, 0, 0, 0, 0, 0, 0, 0).doubles([]))).toBe('truncated');
    expect(codeOf(() => at(LENGTH, 7, 0, 0, 0, 0, 0, 0, 0).fixed64s([]))).toBe('truncated');
    expect(codeOf(() => at(LENGTH, 1, 0x80).uint64s([]))).toBe('truncated');
  });
});
