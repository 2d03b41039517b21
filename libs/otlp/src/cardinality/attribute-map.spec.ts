import { seededRandom } from '@nestlens/testing';
import type { Attributes } from '@opentelemetry/api';
import { AttributeMap } from './attribute-map.js';
import { hashOf, isSameSet } from './attribute-set.js';

/** The key under which the SDK stores a set of attributes. */
function textOf(attributes: Attributes): string {
  return JSON.stringify(
    Object.keys(attributes)
      .toSorted()
      .map((key) => [key, attributes[key]]),
  );
}

describe('AttributeMap', () => {
  it('distinguishes sets as the SDK does, for 100,000 pairs of small random sets', () => {
    const random = seededRandom(7);
    const values = ['', 'a', 'b', '1', 1, 1.5, -1, 0, 2 ** 40, true, false, ['a'], ['a', 'b'], [1]];
    function any(): Attributes {
      const set: Attributes = {};
      for (const key of ['a', 'b', 'c', 'ab'].toSorted(() => random() - 0.5)) {
        if (random() < 0.5) set[key] = values[Math.floor(random() * values.length)];
      }
      return set;
    }
    const pairs = Array.from({ length: 100_000 }, () => [any(), any()] as const);
    const same = pairs.filter(([one, other]) => textOf(one) === textOf(other));
    expect(same.length).toBeGreaterThan(100);
    expect(pairs.filter(([one, other]) => isSameSet(one, other))).toEqual(same);
    expect(same.filter(([one, other]) => hashOf(one) !== hashOf(other))).toEqual([]);
  });

  it('finds each of 2000 similar sets, and lists them in their order', () => {
    const map = new AttributeMap<number>();
    function setOf(id: number): Attributes {
      return {
        // The URLs differ only in the middle.
        url: `${'/'.repeat(50)}${id}${'/'.repeat(50)}`,
        'http.route': `/orders/${id % 7}`,
        status: id % 3,
      };
    }
    for (let id = 0; id < 2000; id++) {
      expect(map.get(setOf(id))).toBeUndefined();
      map.add(setOf(id), id);
    }
    for (let id = 0; id < 2000; id++) {
      const { url, status, ...rest } = setOf(id);
      expect(map.get({ status, ...rest, url })).toBe(id);
    }
    expect(map.size).toBe(2000);
    expect(map.values()).toEqual(Array.from({ length: 2000 }, (_, id) => id));
  });

  it('accepts odd keys and values, and throws for values for which the SDK throws', () => {
    const map = new AttributeMap<number>();
    const odd = [
      {},
      JSON.parse('{"__proto__": 1}'),
      { constructor: 'x' },
      { a: Number.NaN },
      { a: undefined },
      { a: [undefined] },
      { a: '\ud800' },
      { a: { nested: [1] } },
    ] as Attributes[];
    for (const [id, set] of odd.entries()) map.add(set, id);
    for (const [id, set] of odd.entries()) expect(map.get({ ...set })).toBe(id);
    const circular: { self?: unknown } = {};
    circular.self = circular;
    for (const value of [1n, circular, { toJSON: () => circular }]) {
      expect(() => map.get({ a: value as never })).toThrow(TypeError);
    }
  });
});
