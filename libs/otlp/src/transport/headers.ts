import { validateHeaderName, validateHeaderValue } from 'node:http';
import { TransportConfigError } from '../pool/config-error.js';
import type { Clock } from '../send/sender.js';

/** Headers by name. Names are sent in lower case. */
export type HeaderValues = Readonly<Record<string, string>>;

/**
 * Headers of each request (gRPC: metadata). Either values, or a function that is called before each attempt, for
 * tokens that expire.
 */
export type Headers = HeaderValues | (() => HeaderValues | Promise<HeaderValues>);

type HeadersOf =
  | { readonly kind: 'headers'; readonly values: HeaderValues }
  | { readonly kind: 'failed'; readonly reason: 'headers' | 'headers_timeout' | 'aborted' };

/** Headers that we set ourselves, or that HTTP/2 does not allow. */
const RESERVED = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'grpc-accept-encoding',
  'grpc-encoding',
  'grpc-timeout',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A token, or a function that is called before each attempt. */
type Secret = string | (() => string | Promise<string>);

/** A bearer token. A function is called before each attempt, for tokens that expire. */
export function bearer(token: Secret): Headers {
  return fromSecret(token, (text) => ({ authorization: `Bearer ${text}` }));
}

/** An API key in a header. Default header: `x-api-key`. A function is called before each attempt. */
export function apiKey(key: Secret, header = 'x-api-key'): Headers {
  return fromSecret(key, (text) => ({ [header]: text }));
}

/** Basic auth. The password may be a function, which is called before each attempt. */
export function basic(username: string, password: Secret): Headers {
  return fromSecret(password, (text) => ({
    authorization: `Basic ${Buffer.from(`${username}:${text}`).toString('base64')}`,
  }));
}

function fromSecret(secret: Secret, toHeaders: (text: string) => HeaderValues): Headers {
  return typeof secret === 'string'
    ? toHeaders(secret)
    : async () => toHeaders(secretText(await secret()));
}

/** Throws if a function returned anything but a non-empty string: converted to text it would be sent as the secret. */
function secretText(given: unknown): string {
  if (typeof given === 'string' && given !== '') return given;
  throw new TypeError('no secret');
}

/** A pending call that is older than this many timeouts of an attempt is no longer waited for. */
const JOINED = 3;
/** How long a late answer is used, in ms. */
const KEPT_MS = 30_000;

interface Call {
  readonly sinceMs: number;
  readonly values: Promise<HeaderValues>;
}

/**
 * Collects the headers of a request. Later sources override earlier ones. Functions are called for each attempt, all
 * together within `timeoutMs`:
 *
 * - Attempts share a pending call. An attempt calls again if that call is older than three times `timeoutMs`.
 * - An answer that took more than `timeoutMs` is used by all attempts of the next 30 s. Otherwise the answer of a
 *   slow function would never be used.
 */
export class HeaderSource {
  readonly #fixed: HeaderValues;
  readonly #asked: readonly (() => HeaderValues | Promise<HeaderValues>)[];
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #call: Call | undefined;
  #late: { readonly values: HeaderValues; readonly atMs: number } | undefined;
  /** When the newest call began that was answered. */
  #answeredMs = Number.NEGATIVE_INFINITY;

  /** Throws TransportConfigError, which names a header and never its value. */
  constructor(sources: readonly Headers[], clock: Clock, timeoutMs: number) {
    this.#asked = sources.filter((source) => typeof source === 'function');
    const fixed = sources.filter((source) => typeof source !== 'function');
    this.#fixed = fixed.reduce((all, each) => ({ ...all, ...checked(each) }), {});
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Never rejects. A function whose call rejects later is ignored by then. */
  get(signal: AbortSignal): HeadersOf | Promise<HeadersOf> {
    if (this.#asked.length === 0) return { kind: 'headers', values: this.#fixed };
    const late = this.#late;
    if (late !== undefined && this.#clock.now() - late.atMs < KEPT_MS) {
      return { kind: 'headers', values: late.values };
    }
    return new Promise((resolve) => {
      function settle(result: HeadersOf): void {
        stopTimer();
        signal.removeEventListener('abort', onAbort);
        resolve(result);
      }
      function fail(reason: 'headers' | 'headers_timeout' | 'aborted') {
        return (): void => settle({ kind: 'failed', reason });
      }
      const onAbort = fail('aborted');
      const stopTimer = this.#clock.after(this.#timeoutMs, fail('headers_timeout'));
      signal.addEventListener('abort', onAbort);
      this.#joined().then((values) => settle({ kind: 'headers', values }), fail('headers'));
    });
  }

  #joined(): Promise<HeaderValues> {
    const sinceMs = this.#clock.now();
    const open = this.#call;
    if (open !== undefined && sinceMs - open.sinceMs < JOINED * this.#timeoutMs) return open.values;
    const call = { sinceMs, values: this.#askAt(sinceMs) };
    this.#call = call;
    const over = (): void => {
      if (this.#call === call) this.#call = undefined;
    };
    call.values.then(over, over);
    return call.values;
  }

  async #askAt(sinceMs: number): Promise<HeaderValues> {
    const values = await this.#ask();
    // A call that is no longer waited for, since a newer one has answered.
    if (sinceMs < this.#answeredMs) return values;
    this.#answeredMs = sinceMs;
    const atMs = this.#clock.now();
    this.#late = atMs - sinceMs >= this.#timeoutMs ? { values, atMs } : undefined;
    return values;
  }

  async #ask(): Promise<HeaderValues> {
    const values = await Promise.all(this.#asked.map(async (ask) => checked(await ask())));
    return Object.assign({}, this.#fixed, ...values) as HeaderValues;
  }
}

/** A header function may return anything. A string would be spread into one header per character. */
export function areHeaders(given: unknown): given is HeaderValues {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

/** Why headers are refused: names a header, never its value. Undefined if they are valid. */
export function headerFault(headers: unknown): string | undefined {
  if (!areHeaders(headers)) return 'headers: must be names and values';
  const bad = Object.entries(headers).find(([name, value]) => !canBeSent(name, value));
  return (
    bad && `headers: ${JSON.stringify(bad[0])} is not a header that can be sent (value not shown)`
  );
}

function canBeSent(name: string, value: unknown): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value as string);
    return typeof value === 'string';
  } catch {
    return false;
  }
}

/** Lowercase names, without the headers that we set ourselves. */
function checked(headers: HeaderValues): HeaderValues {
  const fault = headerFault(headers);
  if (fault !== undefined) throw new TransportConfigError('headers', fault);
  const named = Object.entries(headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  return Object.fromEntries(named.filter(([name]) => !RESERVED.has(name)));
}
