/** What the requests of a load have in common with those of real traffic. */
export interface Traffic {
  readonly port: number;
  /** The share that comes from a caller with a trace, as behind a gateway; the others begin a trace. */
  readonly traced: number;
  /** The share of those whose trace is sampled. */
  readonly sampled: number;
}

/** A load cycles through so many requests, each with an id and a trace of its own. */
export const DISTINCT_REQUESTS = 1000;

const HEADERS = [
  'Host: 127.0.0.1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36',
  'Accept: application/json',
  'Accept-Encoding: gzip, br',
  'X-Forwarded-For: 192.0.2.7',
  'Connection: keep-alive',
].join('\r\n');

/** Hexadecimal digits that look random, and are the same in each run. */
const hexOf = (seed: number, digits: number): string => {
  let text = '';
  for (let word = 0; text.length < digits; word += 1) {
    const mixed = Math.imul((seed + 1) ^ Math.imul(word + 1, 0x9e37_79b1), 0x85eb_ca6b);
    text += ((mixed ^ (mixed >>> 13)) >>> 0).toString(16).padStart(8, '0');
  }
  return text.slice(0, digits);
};

/** Whether the `index`th of many belongs to a share of them; spread evenly. */
const belongs = (index: number, share: number): boolean =>
  Math.floor((index + 1) * share) > Math.floor(index * share);

/** `traceparent` of W3C, for the `index`th request; undefined for one that begins a trace. */
export function traceparentOf(index: number, { traced, sampled }: Traffic): string | undefined {
  if (!belongs(index, traced)) return undefined;
  const nth = Math.floor(index * traced);
  const flags = belongs(nth, sampled) ? '01' : '00';
  return `00-${hexOf(index, 32)}-${hexOf(index + DISTINCT_REQUESTS, 16)}-${flags}`;
}

export const requestsOf = (traffic: Traffic): readonly Buffer[] =>
  Array.from({ length: DISTINCT_REQUESTS }, (_, index) => {
    const traceparent = traceparentOf(index, traffic);
    const trace = traceparent === undefined ? '' : `\r\ntraceparent: ${traceparent}`;
    return Buffer.from(`GET /orders/${index + 1} HTTP/1.1\r\n${HEADERS}${trace}\r\n\r\n`);
  });
