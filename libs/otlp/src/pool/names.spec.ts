import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { namesBy } from './names.js';

type Done = Parameters<LookupFunction>[2];

function v4(...hosts: readonly number[]): LookupAddress[] {
  return hosts.map((host) => ({ address: `192.0.2.${host}`, family: 4 }));
}
function v6(...hosts: readonly number[]): LookupAddress[] {
  return hosts.map((host) => ({ address: `2001:db8::${host}`, family: 6 }));
}

/** A resolver that answers when the spec calls `answer`. */
class Resolver {
  readonly waiting: { readonly host: string; readonly done: Done }[] = [];
  readonly lookup: LookupFunction = (host, _options, done) =>
    void this.waiting.push({ host, done });

  answer(addresses: LookupAddress[]): void {
    for (const { done } of this.waiting.splice(0)) done(null, addresses);
  }
}

function addressesOf(lookup: LookupFunction, host = 'collector.test'): Promise<string[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, found) => {
      if (error !== null) reject(error);
      else resolve((found as LookupAddress[]).map(({ address }) => address));
    });
  });
}

describe('name resolution', () => {
  it('is shared by concurrent lookups of several pools, and repeated afterwards', async () => {
    const resolver = new Resolver();
    const [one, other] = [namesBy(resolver.lookup), namesBy(resolver.lookup)];
    const asked = [addressesOf(one), addressesOf(other), addressesOf(one, 'other.test')];
    expect(resolver.waiting.map(({ host }) => host)).toEqual(['collector.test', 'other.test']);
    resolver.answer(v4(1));
    expect(await Promise.all(asked)).toEqual(Array(3).fill(['192.0.2.1']));
    const again = addressesOf(one);
    expect(resolver.waiting).toHaveLength(1);
    resolver.answer(v4(2));
    expect(await again).toEqual(['192.0.2.2']);
  });

  it('is repeated after a failure', async () => {
    const resolver = new Resolver();
    const lookup = namesBy(resolver.lookup);
    const asked = [addressesOf(lookup), addressesOf(lookup)];
    const gone = Object.assign(new Error('x'), { code: 'ENOTFOUND' });
    resolver.waiting.pop()?.done(gone, []);
    const results = await Promise.allSettled(asked);
    expect(results).toEqual(Array(2).fill({ status: 'rejected', reason: gone }));
    void addressesOf(lookup);
    expect(resolver.waiting).toHaveLength(1);
  });

  it('gives each address the first place equally often, in any order of the resolver', async () => {
    const resolver = new Resolver();
    let seed = 5;
    const lookup = namesBy(resolver.lookup, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    });
    const first: Record<string, number> = {};
    for (let time = 0; time < 3000; time += 1) {
      const asked = addressesOf(lookup);
      resolver.answer(v4(1, 2, 3));
      const [address = ''] = await asked;
      first[address] = (first[address] ?? 0) + 1;
    }
    expect(Object.keys(first)).toHaveLength(3);
    for (const times of Object.values(first)) expect(Math.abs(times - 1000)).toBeLessThan(100);
  });

  it.each([0, 0.5, 1])('keeps the order of IPv4 and IPv6 (random %p)', async (random) => {
    const resolver = new Resolver();
    const asked = addressesOf(namesBy(resolver.lookup, () => random));
    resolver.answer([...v6(1, 2), ...v4(1), ...v6(3), ...v4(2)]);
    const addresses = await asked;
    expect(addresses.map((each) => each.includes(':'))).toEqual([true, true, false, true, false]);
    expect(new Set(addresses).size).toBe(5);
  });

  it('gives one address to a caller that asks for one', async () => {
    const resolver = new Resolver();
    const asked = new Promise((resolve) => {
      namesBy(resolver.lookup)('collector.test', {}, (...answer) => resolve(answer));
    });
    resolver.answer(v4(7));
    expect(await asked).toEqual([null, '192.0.2.7', 4]);
  });

  it("uses the system's resolver by default", async () => {
    const found = await systemLookup('localhost', { all: true });
    const addresses = await addressesOf(namesBy(), 'localhost');
    expect(addresses.toSorted()).toEqual(found.map(({ address }) => address).toSorted());
  });
});
