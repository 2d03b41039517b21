import { portOf } from './authority.js';
import { bounded, redactQuery } from './redaction.js';
import { REDACTED } from './semconv.js';

/** One origin that is called, with its address attributes. */
interface ClientOrigin {
  readonly scheme: string;
  readonly address: string;
  readonly port: number | undefined;
  /** Start of `url.full`. */
  readonly base: string;
  /** Calls leave no telemetry and carry no context. */
  readonly ignored: boolean;
}

// A crawler may call any number of origins; then the memory starts anew.
const MOST_ORIGINS = 1000;

const matches = (rule: string | RegExp, host: string, authority: string): boolean => {
  if (typeof rule === 'string') {
    const wanted = rule.toLowerCase();
    return wanted === host || wanted === authority;
  }
  // Without memory, which a global or sticky pattern has.
  return authority.search(rule) !== -1 || host.search(rule) !== -1;
};

/** Reads origins once and remembers them. */
export class ClientOrigins {
  readonly #rules: readonly (string | RegExp)[];
  readonly #known = new Map<string, ClientOrigin | undefined>();

  constructor(ignoreHosts: readonly (string | RegExp)[]) {
    this.#rules = ignoreHosts;
  }

  /** `undefined` for a text that is not an origin. */
  find(origin: string): ClientOrigin | undefined {
    const known = this.#known.get(origin);
    if (known !== undefined || this.#known.has(origin)) return known;
    if (this.#known.size >= MOST_ORIGINS) this.#known.clear();
    const read = this.#read(origin);
    this.#known.set(origin, read);
    return read;
  }

  #read(origin: string): ClientOrigin | undefined {
    if (!URL.canParse(origin)) return undefined;
    const url = new URL(origin);
    const scheme = url.protocol.slice(0, -1);
    const address = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
    const port = portOf(url.port) ?? (scheme === 'https' ? 443 : 80);
    const authority = `${url.hostname}:${port}`;
    return {
      scheme,
      address,
      port,
      base: `${scheme}://${url.host}`,
      ignored: this.#rules.some((rule) => matches(rule, address, authority)),
    };
  }
}

// A proxy gets the whole URL as path, with credentials if the caller put them there.
const withoutCredentials = (url: string): string => {
  const start = url.indexOf('://') + 3;
  const slash = url.indexOf('/', start);
  const authority = url.slice(start, slash === -1 ? url.length : slash);
  const at = authority.lastIndexOf('@');
  if (at === -1) return url;
  return `${url.slice(0, start)}${REDACTED}:${REDACTED}${url.slice(start + at)}`;
};

/** `url.full`: no credentials, no fragment, no sensitive query value. */
export const fullUrl = (base: string, path: string, sensitive: ReadonlySet<string>): string => {
  const fragment = path.indexOf('#');
  const target = fragment === -1 ? path : path.slice(0, fragment);
  const isWhole = !target.startsWith('/') && target.includes('://');
  const url = bounded(isWhole ? withoutCredentials(target) : base + target);
  const query = url.indexOf('?');
  if (query === -1) return url;
  return url.slice(0, query + 1) + redactQuery(url.slice(query + 1), sensitive);
};
