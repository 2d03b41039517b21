import type { Clock, Layer } from '../send/sender.js';
import { systemClock } from '../send/sender.js';
import { Aimd } from './aimd.js';

interface AdaptiveLimitOptions {
  /** Default: 2. */
  readonly min?: number;
  /** Default: 32. */
  readonly max?: number;
  /** The first limit. Default: `min`. */
  readonly initial?: number;
  readonly clock?: Clock;
}

export interface AdaptiveLimit extends Layer {
  /** How many batches may be in flight. */
  limit(): number;
}

/**
 * Learns from each attempt how many batches a peer takes at once. Stands below the breaker and above the timeout.
 *
 * - Additive increase: while more than half the limit is in use and answers are as quick as under little load, the limit
 *   grows by one for each round of answers; until the first decrease, by one for each answer.
 * - Multiplicative decrease: by half when the peer asks for less (RESOURCE_EXHAUSTED, 429) or cannot keep up (a timeout,
 *   503, 504); by a quarter when answers take twice as long as the quickest of the last half minute to batches of such a
 *   size. At most one decrease a second.
 * - A missing connection says nothing of load, and changes nothing.
 */
export function adaptiveLimit(options: AdaptiveLimitOptions = {}): AdaptiveLimit {
  const clock = options.clock ?? systemClock;
  const { min = 2, max = 32, initial = min } = options;
  const aimd = new Aimd({ min, max, initial, clock });
  let inFlight = 0;
  const layer: Layer = (next) => ({
    async send(batch, signal, trail) {
      const startedAt = clock.now();
      inFlight += 1;
      const inFlightThen = inFlight;
      const outcome = await next.send(batch, signal, trail);
      inFlight -= 1;
      aimd.learn(outcome, {
        bytes: batch.bytes,
        latencyMs: clock.now() - startedAt,
        inFlight: inFlightThen,
      });
      return outcome;
    },
    close: () => next.close(),
  });
  return Object.assign(layer, {
    limit: () => Math.floor(aimd.limit),
  });
}
