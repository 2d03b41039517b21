import { baggageEntryMetadataFromString, propagation } from '@opentelemetry/api';
import type { BaggageEntry } from '@opentelemetry/api';
import { parseBaggage, serializeBaggage } from './baggage.js';

const written = (entries: Readonly<Record<string, BaggageEntry>>): string =>
  serializeBaggage(propagation.createBaggage(entries)).list;
const withMetadata = (metadata: string): string =>
  written({ k: { value: 'v', metadata: baggageEntryMetadataFromString(metadata) } });
const read = (list: string): (readonly [key: string, value: string, metadata?: string])[] =>
  (parseBaggage(list).baggage?.getAllEntries() ?? []).map(([key, { value, metadata }]) =>
    metadata === undefined ? [key, value] : [key, value, metadata.toString()],
  );
const many = (count: number): string[] => Array.from({ length: count }, (_, at) => `k${at}=v`);

/** The characters that every carrier accepts: HTTP/1, HTTP/2, and ASCII values of gRPC metadata. */
const SENDABLE = /^[\x20-\x7e]*$/;

describe('incoming baggage', () => {
  it.each([
    [
      'a=1,b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      ' a = 1 ,,\tb=2\t',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['a=', [['a', '']]],
    ['a=x=y', [['a', 'x=y']]],
    ['a=%20%2C%25%C3%A9', [['a', ' ,%é']]],
    ['a=%zz%', [['a', '%zz%']]],
    ['a=%C3%28', [['a', '\ufffd(']]],
    ['a=%F0%9F%98%80%ff', [['a', '😀\ufffd']]],
    ['a%20b=1', [['a%20b', '1']]],
    ['a=1;p;q=%20 ; r = 2 ', [['a', '1', 'p;q=%20 ; r = 2']]],
    ['a=1;', [['a', '1']]],
    ['a=1,a=2', [['a', '2']]],
    [
      '__proto__=x,constructor=y',
      [
        ['__proto__', 'x'],
        ['constructor', 'y'],
      ],
    ],
    ['a,=1,b c=2,ü=3,d=4', [['d', '4']]],
    ['a=1\r\nx: y,b=2', [['b', '2']]],
    [',,, ,', []],
  ] as const)('is read from %j', (list, expected) => {
    expect(read(list)).toEqual(expected);
  });

  it('is cut at 180 members and 8,192 bytes, never inside a member', () => {
    expect(read(many(200).join(','))).toHaveLength(180);
    expect(parseBaggage(many(200).join(',')).leftOut).toBe(20);
    const fills = `a=${'v'.repeat(4000)},b=${'v'.repeat(4187)}`;
    expect(fills).toHaveLength(8192);
    expect(read(fills)).toHaveLength(2);
    expect(read(`${fills}1,c=3`).map(([key]) => key)).toEqual(['a', 'c']);
    expect(read(`x=${'v'.repeat(9000)},c=3`)).toEqual([['c', '3']]);
  });
});

describe('outgoing baggage', () => {
  it('has percent-encoded values, and keys unchanged', () => {
    expect(written({ 'a!%20': { value: 'plain-1' }, b: { value: 'é ,;%"\\+=' } })).toBe(
      'a!%20=plain-1,b=%C3%A9%20%2C%3B%25%22%5C%2B%3D',
    );
  });

  it('is the same as the incoming list', () => {
    const list = 'a=%20%2C;p=1 ; q,b=,c=%EF%BF%BD';
    expect(serializeBaggage(parseBaggage(list).baggage!).list).toBe(list);
  });

  it.each(['a\r\nx: y', '\u0000', 'ü=😀', '\ud800', 'a,b=2', '"\\', 'a\tb'])(
    'has the properties %j, encoded',
    (metadata) => {
      const list = withMetadata(metadata);
      expect(list).toMatch(SENDABLE);
      expect(list.split(',')).toHaveLength(1);
      expect(read(`${list},z=1`)).toHaveLength(2);
    },
  );

  it('leaves out members with an invalid key, an unreadable part or too great a length', () => {
    const unreadable = {
      toString: () => {
        throw new Error('no text');
      },
    };
    const baggage = propagation.createBaggage({
      'no token': { value: '1' },
      'a\r\nb': { value: '1' },
      '': { value: '1' },
      ключ: { value: '1' },
      broken: { value: '1', metadata: unreadable as never },
      odd: { value: unreadable as never },
      lone: { value: '\ud800' },
      long: { value: 'v'.repeat(8192) },
      good: { value: '1' },
    });
    expect(serializeBaggage(baggage)).toEqual({ list: 'lone=%EF%BF%BD,good=1', leftOut: 7 });
  });

  it('is cut at 180 members and 8,192 bytes', () => {
    const entries = (count: number, value: string): Record<string, BaggageEntry> =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, { value }]));
    expect(written(entries(200, '1')).split(',')).toHaveLength(180);
    expect(written(entries(64, 'v'.repeat(120))).split(',')).toHaveLength(64);
    const long = written(entries(100, 'v'.repeat(120)));
    expect(long.length).toBeLessThanOrEqual(8192);
    expect(long.length).toBeGreaterThan(8192 - 130);
  });
});
