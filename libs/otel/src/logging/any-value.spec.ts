import { runInNewContext } from 'node:vm';
import { isErrorLike } from '../exceptions/error-like.js';
import { toText } from '../exceptions/text.js';
import { toAnyValue } from './any-value.js';

const named = (): void => {};
const refuse = (): never => {
  throw new Error('no');
};
const deep = (levels: number): object => {
  let value: object = {};
  for (let i = 0; i < levels; i++) value = { value };
  return value;
};

describe('toAnyValue', () => {
  it.each([
    ['null', null, null],
    ['boolean', true, true],
    ['NaN', Number.NaN, Number.NaN],
    ['-0', -0, -0],
    ['-Infinity', -Infinity, -Infinity],
    ['BigInt', 2n ** 70n, '1180591620717411303424'],
    ['Symbol', Symbol('s'), 'Symbol(s)'],
    ['function', named, '[Function named]'],
    ['Date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['invalid Date', new Date(Number.NaN), null],
    ['RegExp', /a/gu, '/a/gu'],
    ['URL', new URL('http://a.test/b'), 'http://a.test/b'],
    ['Map', new Map([['a', 1n]]), { a: '1' }],
    ['Map of objects', new Map([[{ k: 1 }, 2]]), [[{ k: 1 }, 2]]],
    ['Set', new Set([1, 'a']), [1, 'a']],
    ['Promise', Promise.resolve(), '[object Promise]'],
    ['holes', { a: undefined, b: [undefined, 1], '': 2 }, { b: [null, 1] }],
    ['toJSON', { toJSON: () => ({ a: 1 }) }, { a: 1 }],
    ['bytes', new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  ])('maps %s', (_name, value, expected) => {
    expect(toAnyValue(value)).toEqual(expected);
  });

  it('replaces circles, deep objects, and proxies, getters and toJSON that throw', () => {
    const circular: Record<string, unknown> = { list: [] };
    circular['list'] = [circular];
    expect(toAnyValue(circular)).toEqual({ list: ['[Circular]'] });
    expect(JSON.stringify(toAnyValue(deep(200_000)))).toContain('[Truncated]');
    expect(toAnyValue({ a: new Proxy({}, { ownKeys: refuse, get: refuse }) })).toEqual({
      a: '[Throws]',
    });
    expect(
      toAnyValue(Object.defineProperty({ b: 1 }, 'a', { get: refuse, enumerable: true })),
    ).toEqual({ a: '[Throws]', b: 1 });
    expect(toAnyValue({ a: { toJSON: refuse } })).toEqual({ a: '[Throws]' });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(toAnyValue([proxy])).toEqual(['[Throws]']);
  });

  it('keeps both places of a value that occurs twice', () => {
    const shared = { a: 1 };
    expect(toAnyValue([shared, shared])).toEqual([shared, shared]);
  });

  it('bounds text, lists and objects', () => {
    expect(toAnyValue('x'.repeat(1_000_000))).toHaveLength(65_537);
    const list = toAnyValue(Array.from({ length: 1_000_000 }, (_, i) => i)) as unknown[];
    expect(list.length).toBeLessThanOrEqual(1001);
    expect(list.at(-1)).toMatch(/^\[Truncated \d+ items\]$/);
    const wide = toAnyValue(
      Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i])),
    );
    expect(Object.keys(wide as object).length).toBeLessThanOrEqual(1001);
    const text = JSON.stringify(toAnyValue(Array.from({ length: 900 }, () => 'y'.repeat(10_000))));
    expect(text.length).toBeLessThan(70_000);
  });

  it('makes strings well-formed and keeps NUL', () => {
    expect(toAnyValue('a\uD800b\u0000')).toBe('a\uFFFDb\u0000');
    expect(toText('abc', 2)).toBe('ab…');
  });

  it('keeps __proto__ and constructor as data, and bounds keys', () => {
    const value = JSON.parse('{"__proto__":{"polluted":1},"constructor":2}') as object;
    const kept = toAnyValue(value) as object;
    expect(Object.entries(kept)).toEqual([
      ['__proto__', { polluted: 1 }],
      ['constructor', 2],
    ]);
    expect(Object.getPrototypeOf(kept)).toBe(Object.prototype);
    const [key] = Object.keys(toAnyValue({ ['k'.repeat(100_000)]: 1 }) as object);
    expect(key).toHaveLength(1025);
  });

  it('recognises errors of other realms', () => {
    const foreign: unknown = runInNewContext('new RangeError("far")');
    expect(isErrorLike(foreign)).toBe(true);
    expect(toAnyValue({ err: foreign })).toMatchObject({
      err: { name: 'RangeError', message: 'far' },
    });
    const cyclic = new Error('a');
    cyclic.cause = cyclic;
    expect(toAnyValue(cyclic)).toMatchObject({ message: 'a', cause: '[Circular]' });
  });
});
