import type { LookupFunction } from 'node:net';
import { systemClock } from '../send/sender.js';
import type { Clock } from '../send/sender.js';
import { TransportConfigError } from './config-error.js';
import { namesBy } from './names.js';

/** How a pool keeps its connections. */
export interface PoolOptions {
  /** Connections at most, 1 to 16. Default 2; the second is made when the first is busy. */
  readonly sessions?: number;
  /** TCP, TLS and the peer's SETTINGS. Default 3 s. */
  readonly connectTimeoutMs?: number;
  /** Silence while an answer is owed, after which a PING is sent. Default 10 s. */
  readonly keepaliveMs?: number;
  /** Default 5 s. */
  readonly keepaliveTimeoutMs?: number;
  /** ±20 %, so that connections spread over the peers behind one name. Default 5 min. */
  readonly maxAgeMs?: number;
  /** Pause after the first failure to connect; it doubles. Default 0.1 s. */
  readonly reconnectMinMs?: number;
  /** Default 5 s. */
  readonly reconnectMaxMs?: number;
  /** Default: the system's resolver. Asked for each connection, see {@link namesBy}. */
  readonly lookup?: LookupFunction;
  readonly clock?: Clock;
  /** 0 to 1, for jitter. Default Math.random. */
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

/** What is wrong with options of a pool; undefined for nothing. */
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

/** An option that is `undefined` is none. */
const given = (options: PoolOptions): PoolOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
