import { createContext, runInContext } from 'node:vm';
import type { Attributes } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { decodeExportRequest } from '../wire/export-request.js';
import type { Span } from '../wire/model.js';
import { createSpanEncoder } from './item-encoder.js';
import type { EncodeLimits } from './limits.js';

const resource = resourceFromAttributes({ 'service.name': 'shop' });
const scope = { name: 'scope' };
const context = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 };

/** A span with any fields replaced by those of `given`. */
function spanOf(given: object): ReadableSpan {
  return {
    name: 'span',
    kind: 0,
    spanContext: () => context,
    startTime: [1, 0],
    endTime: [2, 0],
    status: { code: 0 },
    attributes: {},
    links: [],
    events: [],
    duration: [1, 0],
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    ...given,
  };
}

/** Writes the span three times, since the encoder treats repeated keys and values differently. */
function write(span: ReadableSpan, limits?: Partial<EncodeLimits>): Span {
  const encoder = createSpanEncoder(limits);
  const target = new Uint8Array(1_048_576);
  encoder.open(target, 0);
  for (let time = 0; time < 3; time++) expect(encoder.append(span)).toBe('written');
  const { groups } = decodeExportRequest('traces', target.subarray(0, encoder.close()));
  const [first, second, third] = groups.at(0)!.scopes.at(0)!.items;
  expect([second, third]).toEqual([first, first]);
  if (first === undefined) throw new Error('no span');
  return first;
}

function valueOf(value: unknown, limits?: Partial<EncodeLimits>): unknown {
  return write(spanOf({ attributes: { key: value } }), limits).attributes['key'];
}

function thrower(): never {
  throw new Error('hostile');
}

describe('values that are no valid attribute values', () => {
  it.each<[string, unknown, unknown]>([
    ['bigint', 5n, 5],
    ['negative bigint', -(2n ** 60n), -(2n ** 60n)],
    ['bigint past int64', 2n ** 64n, '18446744073709551616'],
    ['bigint of a million digits', 1n << 3_000_000n, '[BigInt]'],
    ['symbol', Symbol('name'), 'Symbol(name)'],
    ['function', function named() {}, '[Function: named]'],
    ['date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['invalid date', new Date(Number.NaN), 'Invalid Date'],
    ['NaN', Number.NaN, Number.NaN],
    ['infinity', -Infinity, -Infinity],
    ['-0', -0, 0],
    ['undefined', undefined, null],
    ['null', null, null],
    ['regular expression', /a+/g, '/a+/g'],
    ['boxed string', new String('boxed'), 'boxed'],
    ['lone surrogate', 'a\ud83db', 'a\ufffdb'],
    ['NUL', 'a\0b', 'a\0b'],
    ['error without a stack', Object.assign(new TypeError('bad'), { stack: '' }), 'TypeError: bad'],
    [
      'error of another realm',
      runInContext('const e = new Error("x"); e.stack = "s"; e', createContext()),
      's',
    ],
    ['array buffer', Uint8Array.of(1, 2).buffer, Uint8Array.of(1, 2)],
    ['typed array', Float64Array.of(0.5, 2), [0.5, 2]],
    ['set', new Set([1, 'b']), [1, 'b']],
    ['sparse array', [1, , 3], [1, null, 3]], // oxlint-disable-line no-sparse-arrays
    [
      'toJSON that throws',
      { a: 1, toJSON: thrower },
      Object.assign(Object.create(null) as object, { a: 1, toJSON: '[Function: thrower]' }),
    ],
  ])('are written as text or as the nearest value: %s', (_name, value, expected) => {
    expect(valueOf(value)).toEqual(expected);
  });

  it('are written as maps with any key', () => {
    const map = new Map<unknown, unknown>([
      ['a', 1],
      [2, 'b'],
      [Symbol('s'), true],
      [{}, 4],
      [null, 5],
    ]);
    expect({ ...(valueOf(map) as object) }).toEqual({
      a: 1,
      2: 'b',
      'Symbol(s)': true,
      '[Object]': 4,
      null: 5,
    });
  });

  it('are cut at the point at which a circular object repeats', () => {
    const circular: { name: string; self?: unknown; list: unknown[] } = { name: 'x', list: [] };
    circular.self = circular;
    circular.list.push(circular, circular.list);
    expect(JSON.parse(JSON.stringify(valueOf(circular)))).toEqual({
      name: 'x',
      list: ['[Circular]', '[Circular]'],
      self: '[Circular]',
    });
  });

  it('are cut at the depth limit, even 200 000 levels deep', () => {
    let deep: unknown = 'end';
    for (let level = 0; level < 200_000; level++) deep = level % 2 === 0 ? [deep] : { deep };
    const text = JSON.stringify(valueOf(deep, { depth: 3 }));
    expect(text).toBe('{"deep":[{"deep":"[Array]"}]}');
  });

  it('are truncated and counted if a text has 1 MB', () => {
    const encoder = createSpanEncoder();
    encoder.open(new Uint8Array(65_536), 0);
    encoder.append(spanOf({ attributes: { key: 'x'.repeat(1_000_000) } }));
    expect(encoder.losses).toMatchObject({ values: 1 });
    expect(valueOf('x'.repeat(1_000_000))).toBe('x'.repeat(4096));
  });

  it('are cut at the point at which a list of a million elements has used its bytes', () => {
    const values = valueOf(Array.from({ length: 1_000_000 }, (_, index) => index)) as unknown[];
    expect(values.length).toBeGreaterThan(1000);
    expect(values.length).toBeLessThan(10_000);
    expect(values.at(-1)).toBe(values.length - 1);
  });

  it.each<[string, unknown]>([
    [
      'getter that throws',
      {
        get a() {
          return thrower();
        },
      },
    ],
    [
      'proxy that throws',
      new Proxy({}, { get: thrower, ownKeys: thrower, getPrototypeOf: thrower }),
    ],
    ['revoked proxy', revoked()],
    ['symbol with a getter', Object.defineProperty(() => {}, 'name', { get: thrower })],
    ['boxed value that throws', Object.assign(new Number(1), { valueOf: thrower })],
    ['error with a getter', Object.defineProperty(new Error('x'), 'stack', { get: thrower })],
  ])('are dropped and counted, while others stay: %s', (_name, value) => {
    const span = write(spanOf({ attributes: { before: 1, key: value, after: 2 } }));
    expect({ ...span.attributes }).toEqual({ before: 1, after: 2 });
    expect(span.droppedAttributesCount).toBe(1);
  });

  it('do not remove the attributes before a getter that throws', () => {
    const attributes = Object.defineProperty({ a: 1 }, 'b', { enumerable: true, get: thrower });
    const span = write(spanOf({ attributes, droppedAttributesCount: 2 }));
    expect({ ...span.attributes }).toEqual({ a: 1 });
    expect(span.droppedAttributesCount).toBe(3);
  });

  it('are cut if a proxy claims an endless array', () => {
    const endless = new Proxy([], { get: (_target, key) => (key === 'length' ? 2 ** 53 : 1) });
    expect((valueOf(endless) as unknown[]).length).toBeLessThan(10_000);
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
}

describe('keys', () => {
  it('are dropped if empty, truncated if long, and may be __proto__', () => {
    const attributes = JSON.parse('{"": 1, "__proto__": "data"}') as Attributes;
    attributes['k'.repeat(100_000)] = 'long';
    const span = write(spanOf({ attributes }));
    expect(Object.entries(span.attributes)).toEqual([
      ['__proto__', 'data'],
      ['k'.repeat(1024), 'long'],
    ]);
    expect(span.droppedAttributesCount).toBe(1);
  });

  it('are not written if they are inherited', () => {
    const attributes = Object.create({ inherited: 1 }) as Attributes;
    attributes['own'] = 2;
    expect({ ...write(spanOf({ attributes })).attributes }).toEqual({ own: 2 });
  });
});

describe('spans with invalid fields', () => {
  it('lose links without a context, which are counted', () => {
    const links = [null, {}, { context: null }, { context }];
    const span = write(spanOf({ links }));
    expect(span.links).toHaveLength(1);
    expect(span.droppedLinksCount).toBe(3);
  });

  it('have times within the range of OTLP', () => {
    const span = write(spanOf({ startTime: [-5, 3], endTime: [253_402_300_799, 999_999_999] }));
    expect(span.startTime).toBe(0n);
    expect(span.endTime).toBe(2n ** 63n - 1n);
  });

  it('have the time 0 for parts that are no numbers', () => {
    const span = write(spanOf({ startTime: [Number.NaN, 1], endTime: [1, Number.NaN] }));
    expect(span.startTime).toBe(0n);
    expect(span.endTime).toBe(1_000_000_000n);
  });

  it('have a text as name', () => {
    expect(write(spanOf({ name: undefined })).name).toBe('undefined');
  });

  it('are written even if their ids are not hex', () => {
    function spanContext() {
      return { traceId: 'zz', spanId: 'é字', traceFlags: 0 };
    }
    expect(write(spanOf({ spanContext })).traceId).toBe('00');
  });

  it.each([undefined, null])(
    'are not written without a resource or a scope (%p), and the next span is',
    (none) => {
      const encoder = createSpanEncoder();
      const target = new Uint8Array(4096);
      encoder.open(target, 0);
      for (const wrong of [{ resource: none, instrumentationScope: none }, { resource: none }]) {
        expect(encoder.append(spanOf(wrong))).toBe('unreadable');
      }
      expect(encoder.append(spanOf({ instrumentationScope: none }))).toBe('unreadable');
      expect(encoder.append(spanOf({}))).toBe('written');
      const { groups } = decodeExportRequest('traces', target.subarray(0, encoder.close()));
      expect(groups.map(({ scopes }) => scopes.map((run) => run.items.length))).toEqual([[1]]);
    },
  );

  it('leave the target unchanged if they throw', () => {
    const encoder = createSpanEncoder();
    const target = new Uint8Array(4096);
    encoder.open(target, 0);
    encoder.append(spanOf({}));
    const { end } = encoder;
    const hostile = spanOf({ spanContext: thrower, instrumentationScope: { name: 'other' } });
    expect(encoder.append(hostile)).toBe('unreadable');
    expect(encoder.alone(hostile)).toBe('unreadable');
    expect(encoder.end).toBe(end);
    expect(encoder.append(spanOf({}))).toBe('written');
    const { groups } = decodeExportRequest('traces', target.subarray(0, encoder.close()));
    expect(groups.at(0)?.scopes.map((run) => run.items.length)).toEqual([2]);
  });
});
