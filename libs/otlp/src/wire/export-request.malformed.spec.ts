import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { ProtobufLogsSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { decodeExportRequest } from './export-request.js';
import { SIGNALS } from './model.js';
import type { Signal } from './model.js';
import { WireError } from './wire-error.js';
import type { WireErrorCode } from './wire-error.js';

/** Returns 'read', or the code of the WireError. It throws any other error on. */
function outcome(signal: Signal, bytes: Uint8Array): WireErrorCode | 'read' {
  try {
    decodeExportRequest(signal, bytes);
    return 'read';
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
}

/** Encodes the tag and the length of a length-delimited field. */
function header(number: number, size: number): Buffer {
  const length: number[] = [];
  let rest = size;
  for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.from([(number << 3) | 2, ...length, rest]);
}

function field(number: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([header(number, body.length), body]);
}

function logWith(body: Uint8Array) {
  return field(1, field(2, field(2, field(5, body))));
}
function text(value: string) {
  return field(1, Buffer.from(value));
}

/** Encodes the bytes that come before a value of `size` bytes, which is the only item of an array. */
function beforeItem(size: number): Buffer {
  const item = header(1, size);
  return Buffer.concat([header(5, item.length + size), item]);
}

/** Encodes the bytes that come before a value of `size` bytes, which is the only value of a map. */
function beforeEntry(size: number): Buffer {
  const inner = Buffer.concat([text('k'), header(2, size)]);
  const entry = header(1, inner.length + size);
  return Buffer.concat([header(6, entry.length + inner.length + size), entry, inner]);
}

function nested(depth: number, before: (size: number) => Buffer): Buffer {
  const parts = [text('deep')];
  let size = parts[0]?.length ?? 0;
  for (let level = 0; level < depth; level++) {
    const part = before(size);
    parts.push(part);
    size += part.length;
  }
  return Buffer.concat(parts.toReversed());
}

async function sampleSpan(): Promise<Uint8Array> {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
  const attributes = { text: 'é', integer: -1, double: 1.5, yes: true, list: ['a', 'b'] };
  const span = provider
    .getTracer('lib', '1')
    .startSpan(
      'op',
      { attributes, links: [{ context, attributes }] },
      trace.setSpanContext(ROOT_CONTEXT, context),
    );
  span.addEvent('event', attributes).setStatus({ code: 2, message: 'bad' }).end();
  await provider.forceFlush();
  return ProtobufTraceSerializer.serializeRequest(exporter.getFinishedSpans()) ?? new Uint8Array();
}

async function sampleRecord(): Promise<Uint8Array> {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
  const body = { list: [1, { a: 'b' }], bytes: Uint8Array.of(1, 2) };
  provider.getLogger('lib').emit({ body, severityNumber: 9, attributes: { a: 1 } });
  await provider.forceFlush();
  return (
    ProtobufLogsSerializer.serializeRequest(exporter.getFinishedLogRecords()) ?? new Uint8Array()
  );
}

describe('decodeExportRequest on damaged bytes', () => {
  it.each(SIGNALS)('reads zero bytes as an empty request of %s', (signal) => {
    expect(decodeExportRequest(signal, new Uint8Array())).toEqual({ signal, groups: [] });
  });

  it('refuses a message cut off after any byte as truncated', async () => {
    for (const sample of [await sampleSpan(), await sampleRecord()]) {
      for (let length = 1; length < sample.length; length++) {
        const cut = sample.subarray(0, length);
        // Each cut is found, because the outermost length no longer fits.
        expect(outcome('traces', cut)).toBe('truncated');
        expect(outcome('logs', cut)).toBe('truncated');
        expect(outcome('metrics', cut)).toBe('truncated');
      }
    }
  });

  it('reads a message with any bit flipped, or refuses it with a WireError', async () => {
    const codes = new Set<string>();
    for (const sample of [await sampleSpan(), await sampleRecord()]) {
      const bytes = Uint8Array.from(sample);
      for (let at = 0; at < bytes.length; at++) {
        const original = sample[at] ?? 0;
        for (let value = 1; value < 256; value = value < 8 ? value + 1 : value * 2) {
          bytes[at] = original ^ value;
          for (const signal of SIGNALS) codes.add(outcome(signal, bytes));
        }
        bytes[at] = original;
      }
    }
    expect([...codes].toSorted()).toEqual([
      'field_number',
      'read',
      'truncated',
      'varint',
      'wire_type',
    ]);
  });

  it('reads each of 20 000 random messages, or refuses it with a WireError', () => {
    let state = 7;
    function next() {
      return (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 16;
    }
    const counts = { read: 0, refused: 0 };
    for (let run = 0; run < 20_000; run++) {
      // Tags and lengths of OTLP are small numbers, so that some of the messages are almost valid.
      const bytes = Uint8Array.from(
        { length: next() % 64 },
        () => next() % (run % 2 === 0 ? 24 : 256),
      );
      counts[outcome(SIGNALS[run % 3] ?? 'traces', bytes) === 'read' ? 'read' : 'refused']++;
    }
    expect(counts.read).toBeGreaterThan(0);
    expect(counts.refused).toBeGreaterThan(15_000);
  });

  it.each([
    ['arrays', beforeItem],
    ['maps', beforeEntry],
  ])('reads %s 64 deep and refuses 65 and 10 000', (_name, before) => {
    expect(outcome('logs', logWith(nested(64, before)))).toBe('read');
    expect(outcome('logs', logWith(nested(65, before)))).toBe('depth');
    expect(outcome('logs', logWith(nested(10_000, before)))).toBe('depth');
  });

  it('limits the depth of values, not their number', () => {
    const wide = field(5, ...Array.from({ length: 1000 }, () => field(1, nested(1, beforeItem))));
    expect(outcome('logs', logWith(wide))).toBe('read');
  });

  it('says at which byte a message passed a limit', () => {
    const bytes = logWith(nested(2, beforeItem));
    function decode() {
      return decodeExportRequest('logs', bytes, { maxDepth: 1 });
    }
    expect(decode).toThrow(/^value nested too deep at byte \d+$/);
  });

  it('refuses 300 000 empty records, and 1 000 001 values or buckets', () => {
    const spans = field(1, field(2, Buffer.alloc(2 * 300_000, Buffer.from([0x12, 0]))));
    expect(outcome('traces', spans)).toBe('too_many');
    const values = logWith(field(5, Buffer.alloc(2 * 1_000_001, Buffer.from([0x0a, 0]))));
    expect(outcome('logs', values)).toBe('too_many');
    const buckets = field(
      1,
      field(2, field(2, field(10, field(1, field(8, field(2, Buffer.alloc(1_000_001))))))),
    );
    expect(outcome('metrics', buckets)).toBe('too_many');
  });

  it('skips an unknown field of any type, and refuses a known field of the wrong type', () => {
    function metric(data: number, inner: Buffer): Buffer {
      return field(1, field(2, field(2, text('m'), field(data, inner))));
    }
    // A gauge has points only; a sum has a temporality in field 2.
    const fixed = Buffer.from([0x11, 1, 2, 3, 4, 5, 6, 7, 8]);
    const read = decodeExportRequest('metrics', metric(5, fixed)).groups[0]?.scopes[0]?.items[0];
    expect(read?.data).toEqual({ kind: 'gauge', points: [] });
    expect(outcome('metrics', metric(7, fixed))).toBe('wire_type');
  });

  it('reads __proto__ and constructor as ordinary keys', () => {
    function entry(key: string, value: string) {
      return field(1, text(key), field(2, text(value)));
    }
    const map = field(
      6,
      entry('__proto__', 'a'),
      entry('constructor', 'b'),
      entry('a', '1'),
      entry('a', '2'),
    );
    const request = decodeExportRequest('logs', logWith(map));
    const body = request.groups[0]?.scopes[0]?.items[0]?.body;
    expect(Object.getPrototypeOf(body)).toBeNull();
    expect(Object.entries(body as object)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['a', '2'],
    ]);
  });
});
