import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';

type Answered = (error: NodeJS.ErrnoException | null, found: readonly LookupAddress[]) => void;

/** The lookups under way, by the resolver that was asked: each with its waiting callers. */
const open = new WeakMap<LookupFunction, Map<string, Answered[]>>();

/**
 * Resolves the names of collectors to addresses. Nothing is cached: each connection causes a `lookup`.
 *
 * - There is one lookup at a time for a name, and callers that come meanwhile get the same answer. A system resolver
 *   that does not answer holds a thread for a long time (glibc: 10 s), and a process has threads for two such
 *   lookups.
 * - Addresses of one family are shuffled. Resolvers sort them (RFC 6724), so that otherwise every connection of every
 *   client would go to the same one of several collectors.
 */
export function namesBy(
  lookup: LookupFunction = systemLookup,
  random: () => number = Math.random,
): LookupFunction {
  return (host, options, done) => {
    ask(lookup, host, options, (error, found) => {
      const mixed = shuffled(found, random);
      if (options.all === true) done(error, mixed);
      else done(error, mixed[0]?.address ?? '', mixed[0]?.family);
    });
  };
}

function ask(
  lookup: LookupFunction,
  host: string,
  options: LookupOptions,
  answered: Answered,
): void {
  const questions = open.get(lookup) ?? new Map<string, Answered[]>();
  open.set(lookup, questions);
  const key = `${host} ${options.family ?? 0} ${options.hints ?? 0}`;
  const waiting = questions.get(key);
  if (waiting !== undefined) {
    waiting.push(answered);
    return;
  }
  const all = [answered];
  questions.set(key, all);
  lookup(host, { ...options, all: true }, (error, found, family = 4) => {
    questions.delete(key);
    const addresses = typeof found === 'string' ? [{ address: found, family }] : found;
    for (const tell of all) tell(error, error === null ? addresses : []);
  });
}

/** The order of the families stays: it is the resolver's choice. */
function shuffled(addresses: readonly LookupAddress[], random: () => number): LookupAddress[] {
  const families = new Map<number, LookupAddress[]>();
  for (const address of addresses) {
    const others = families.get(address.family) ?? [];
    const at = Math.min(others.length, Math.floor(random() * (others.length + 1)));
    families.set(address.family, others.toSpliced(at, 0, address));
  }
  return addresses.map(({ family }) => families.get(family)!.shift()!);
}
