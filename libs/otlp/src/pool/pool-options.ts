import type { LookupFunction } from 'node:net';
import { systemClock } from '../send/sender.js';
import type { Clock } from '../send/sender.js';
import { TransportConfigError } from './config-error.js';
import { namesBy } from './names.js';

/** Options of a connection pool. */
export interface PoolOptions {
  /** The most connections, 1 to 16. Default 2; the second is made when the first is busy. */
  readonly sessions?: number;
  /** Time for TCP, TLS and the peer's SETTINGS, in ms. Default 3 s. */
  readonly connectTimeoutMs?: number;
  /** Silence after which a PING is sent while an answer is owed, in ms. Default 10 s. */
  readonly keepaliveMs?: number;
  /** Time for the answer to a PING, in ms. Default 5 s. */
  readonly keepaliveTimeoutMs?: number;
  /**
   * Age after which a connection is replaced, in ms, ±20 %, so that connections spread over the peers behind a name.
   * Default 5 min.
   */
  readonly maxAgeMs?: number;
  /** Pause after the first failure to connect, in ms; it doubles with each further one. Default 0.1 s. */
  readonly reconnectMinMs?: number;
  /** The longest pause between connections, in ms. Default 5 s. */
  readonly reconnectMaxMs?: number;
  /** Called for each connection, see {@link namesBy}. Default: the system's resolver. */
  readonly lookup?: LookupFunction;
  readonly clock?: Clock;
  /** Returns 0 to 1, for jitter. Default Math.random. */
  readonly random?: () => number;
}

export type ResolvedPoolOptions = Required<PoolOptions>;

const MAX_SESSIONS = 16;

const DEFAULTS = {
  sessions: 2,
  connectTimeoutMs: 3000,
  keepaliveMs: 10_000,
  keepaliveTimeoutMs: 5000,
  maxAgeMs: 300_000,
  reconnectMinMs: 100,
  reconnectMaxMs: 5000,
} satisfies PoolOptions;

/** Why options of a pool are refused; undefined if they are valid. */
export function poolFault(options: PoolOptions): string | undefined {
  const { sessions, ...times } = { ...DEFAULTS, ...given(options) };
  if (!Number.isInteger(sessions) || sessions < 1 || sessions > MAX_SESSIONS) {
    return `pool: sessions must be 1 to ${MAX_SESSIONS}`;
  }
  for (const [name, value] of Object.entries(times)) {
    if (name.endsWith('Ms') && !(typeof value === 'number' && value > 0 && value < 2 ** 31)) {
      return `pool: ${name} must be above 0 and below 2^31`;
    }
  }
  return undefined;
}

/** Throws TransportConfigError. */
export function resolvePoolOptions(options: PoolOptions): ResolvedPoolOptions {
  const fault = poolFault(options);
  if (fault !== undefined) throw new TransportConfigError('pool', fault);
  return {
    clock: systemClock,
    random: Math.random,
    ...DEFAULTS,
    ...given(options),
    lookup: namesBy(options.lookup, options.random),
  };
}

/** An option that is `undefined` counts as not given. */
function given(options: PoolOptions): PoolOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
