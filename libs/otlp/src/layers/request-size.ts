import type { Outcome } from '../send/outcome.js';
import type { Clock, Layer } from '../send/sender.js';
import { systemClock } from '../send/sender.js';
import { beginTrail } from '../send/trail.js';
import { TIMEOUT } from './fault.js';

interface RequestSizeOptions {
  /** The longest that one attempt takes, in ms. Default: 10000. */
  readonly deadlineMs?: number;
  readonly clock?: Clock;
}

export interface RequestSize extends Layer {
  /** Raw bytes of a request that gets through in its time; Infinity while none was too slow. */
  maxBytes(): number;
}

/**
 * No request is made smaller than this for its own sake: with as many in flight as are always allowed, two and one more
 * for each other signal, they pass a link of 64 kbit/s within 10 s.
 */
export const LEAST_BYTES = 16 * 1024;

const SPENT: ReadonlySet<string> = new Set([TIMEOUT, 'DEADLINE_EXCEEDED', 'keepalive_timeout']);
/** Each step down costs a whole deadline, and the way up takes little time. */
const SMALLER = 0.25;
const LARGER = 2;
/** Share of the deadline that a request may take at the pace of the last one: the next may have to share the link. */
const SHARE = 0.25;
/** No request is larger than this, so that no limit is needed above it. */
const UNLIMITED = 64 * 1024 * 1024;

/**
 * Learns how large a request may be to get through before the deadline, from each attempt: stands below the breaker,
 * above the timeout.
 *
 * After a request above 16 KiB that ran into its deadline: a quarter of it. After one that was taken: up to double, as far as
 * a request of that size would take a quarter of the deadline at its pace. So a slow link gets as much as it carries, and a collector
 * that hung gets large requests again after a handful of quick answers.
 */
export function requestSize(options: RequestSizeOptions = {}): RequestSize {
  const { deadlineMs = 10_000, clock = systemClock } = options;
  let maxBytes = Infinity;

  function learn(outcome: Outcome, bytes: number, tookMs: number): void {
    if (outcome.kind === 'retry' && SPENT.has(outcome.reason) && bytes > LEAST_BYTES) {
      maxBytes = Math.max(LEAST_BYTES, Math.min(maxBytes, Math.floor(bytes * SMALLER)));
    }
    if (outcome.kind !== 'accepted' && outcome.kind !== 'partial') return;
    const passes = Math.floor((bytes * deadlineMs * SHARE) / Math.max(1, tookMs));
    if (passes <= maxBytes) return;
    maxBytes = Math.min(maxBytes * LARGER, passes);
    if (maxBytes >= UNLIMITED) maxBytes = Infinity;
  }

  const layer: Layer = (next) => ({
    async send(batch, signal, trail = beginTrail()) {
      const startedAt = clock.now();
      const outcome = await next.send(batch, signal, trail);
      if (!trail.unsent) learn(outcome, batch.bytes, clock.now() - startedAt);
      return outcome;
    },
    close: () => next.close(),
  });
  return Object.assign(layer, { maxBytes: () => maxBytes });
}
