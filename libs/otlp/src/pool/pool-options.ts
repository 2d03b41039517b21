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

/** What is wrong with options of a pool; undefined for nothing. */
export function poolFault(options: PoolOptions): string | undefined {
  const { sessions } = withDefaults(options);
  if (!Number.isInteger(sessions) || sessions < 1 || sessions > MAX_SESSIONS) {
    return `pool: sessions must be 1 to ${MAX_SESSIONS}`;
  }
  for (const [name, value] of Object.entries(withDefaults(options))) {
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
  return withDefaults(options);
}

const withDefaults = (options: PoolOptions): ResolvedPoolOptions => ({
  sessions: options.sessions ?? 2,
  connectTimeoutMs: options.connectTimeoutMs ?? 3000,
  keepaliveMs: options.keepaliveMs ?? 10_000,
  keepaliveTimeoutMs: options.keepaliveTimeoutMs ?? 5000,
  maxAgeMs: options.maxAgeMs ?? 300_000,
  reconnectMinMs: options.reconnectMinMs ?? 100,
  reconnectMaxMs: options.reconnectMaxMs ?? 5000,
  clock: options.clock ?? systemClock,
  random: options.random ?? Math.random,
  lookup: namesBy(options.lookup, options.random),
});
