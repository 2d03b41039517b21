import { decodeExportRequest } from '../wire/index.js';
import type { ExportRequest, Signal } from '../wire/index.js';
import { ProtobufReader } from '../wire/protobuf-reader.js';
import { ProtobufWriter } from '../wire/protobuf-writer.js';
import { countItems } from './count-items.js';
import { bigBatch, chunk } from './fixtures/batches.js';
import { split } from './split.js';

/** Lists each item together with its resource and scope. */
function flat(requests: readonly ExportRequest[]): unknown[] {
  return requests.flatMap(({ groups }) =>
    groups.flatMap(({ scopes, ...resource }) =>
      scopes.flatMap(({ items, ...scope }) =>
        (items as readonly unknown[]).map((item) => ({ resource, scope, item })),
      ),
    ),
  );
}

describe.each(['traces', 'metrics', 'logs'] as const)('countItems of %s', (signal: Signal) => {
  it('counts the items of all resources and scopes', () => {
    const both = Buffer.concat([chunk(signal, 3), chunk(signal, 4)]);
    expect(countItems(signal, both)).toBe(7);
    expect(countItems(signal, new Uint8Array(0))).toBe(0);
  });

  it('counts no items in bytes that it cannot read', () => {
    expect(countItems(signal, Buffer.from([0x0a, 0x7f, 0x01]))).toBe(0);
  });
});

it('counts the points of each kind of metric', () => {
  const points = new ProtobufWriter().bytes(1, Buffer.alloc(0)).bytes(1, Buffer.alloc(0)).finish();
  const scope = new ProtobufWriter();
  for (const kind of [5, 7, 9, 10, 11]) {
    scope.bytes(2, new ProtobufWriter().string(1, 'name').bytes(kind, points).finish());
  }
  const resource = new ProtobufWriter().bytes(2, scope.finish()).finish();
  expect(countItems('metrics', new ProtobufWriter().bytes(1, resource).finish())).toBe(10);
});

describe.each(['traces', 'metrics', 'logs'] as const)('split of one resource of %s', (signal) => {
  function scopeOf(name: string, items: number): Uint8Array {
    const request = new ProtobufReader(chunk(signal, items, name));
    request.next();
    request.open();
    request.next();
    const frame = new ProtobufWriter()
      .bytes(1, new ProtobufWriter().string(1, name).finish())
      .string(3, 'schema of the scope');
    return Buffer.concat([frame.finish(), request.bytes()]);
  }

  it('keeps the resource, the scopes and every item in order, and each part within the limit', () => {
    const service = new ProtobufWriter().string(1, 'service.name').finish();
    const content = new ProtobufWriter()
      .bytes(1, new ProtobufWriter().bytes(1, service).finish())
      .string(3, 'schema of the resource')
      .bytes(2, scopeOf('first', 40))
      .bytes(2, scopeOf('second', 25))
      .finish();
    const whole = new ProtobufWriter().bytes(1, content).finish();
    const batch = { signal, items: 65, bytes: whole.byteLength, chunks: [whole] };
    const parts = split(batch, 300);
    expect(parts.length).toBeGreaterThan(3);
    for (const { bytes, chunks, items } of parts) {
      const body = Buffer.concat(chunks);
      expect(body.byteLength).toBe(bytes);
      expect(bytes).toBeLessThanOrEqual(300);
      expect(countItems(signal, body)).toBe(items);
    }
    expect(parts.reduce((sum, { items }) => sum + items, 0)).toBe(65);
    const bodies = parts.map(({ chunks }) => decodeExportRequest(signal, Buffer.concat(chunks)));
    expect(flat(bodies)).toEqual(flat([decodeExportRequest(signal, whole)]));
  });

  it('loses nothing when the parts are split again', () => {
    const whole = chunk(signal, 50, 'n'.repeat(30));
    const batch = { signal, items: 50, bytes: whole.byteLength, chunks: [whole] };
    const parts = split(batch, 600).flatMap((part) => split(part, 200));
    expect(parts.length).toBeGreaterThan(4);
    for (const { bytes } of parts) expect(bytes).toBeLessThanOrEqual(200);
    const bodies = parts.map(({ chunks }) => decodeExportRequest(signal, Buffer.concat(chunks)));
    expect(flat(bodies)).toEqual(flat([decodeExportRequest(signal, whole)]));
  });
});

describe('split', () => {
  const chunks = [1, 2, 3, 4, 5].map((items) => chunk('traces', items));
  const bytes = chunks.reduce((sum, each) => sum + each.byteLength, 0);
  const batch = { signal: 'traces', items: 15, bytes, chunks } as const;

  it('returns a batch within the limit unchanged', () => {
    expect(split(batch, bytes)).toEqual([batch]);
    expect(split(batch, bytes)[0]).toBe(batch);
  });

  it('fills each part with whole chunks up to the limit, without copying them', () => {
    const max = chunk('traces', 4).byteLength + chunk('traces', 1).byteLength;
    const parts = split(batch, max);
    expect(parts.map((part) => part.items)).toEqual([3, 3, 4, 5]);
    expect(parts.flatMap((part) => part.chunks)).toEqual(chunks);
    expect(parts.at(0)?.chunks.at(0)).toBe(chunks.at(0));
    for (const part of parts) expect(part.bytes).toBeLessThanOrEqual(max);
    expect(parts.reduce((sum, part) => sum + part.bytes, 0)).toBe(bytes);
  });

  it('sends each item above the limit alone, and never cuts a single item', () => {
    const parts = split(batch, 10);
    expect(parts.map(({ items }) => items)).toEqual(Array.from({ length: 15 }, () => 1));
    const big = bigBatch(100);
    expect(split(big, 10)).toEqual([big]);
  });

  it('cuts one chunk between its messages, because the spool stores a batch as one chunk', () => {
    const joined = { ...batch, chunks: [Buffer.concat(chunks)] };
    const parts = split(joined, chunk('traces', 5).byteLength);
    expect(parts.map((part) => part.items)).toEqual(
      [2, 3, 4, 5].map((items, at) => (at ? items : 3)),
    );
    expect(Buffer.concat(parts.flatMap((part) => part.chunks))).toEqual(Buffer.concat(chunks));
  });

  it('returns bytes that it cannot read in one piece', () => {
    const broken = Buffer.from([0x0a, 0x7f, 0x01]);
    const damaged = { signal: 'traces', items: 3, bytes: 3, chunks: [broken] } as const;
    expect(split(damaged, 1)).toEqual([damaged]);
  });

  it.each([
    [0, [0, 0, 0, 15]],
    [100, [15, 0, 0, 0]],
  ])(
    'keeps the number of items of the batch when each chunk is counted as %i',
    (counted, items) => {
      const max = chunk('traces', 5).byteLength;
      expect(split(batch, max, () => counted).map((part) => part.items)).toEqual(items);
    },
  );
});
