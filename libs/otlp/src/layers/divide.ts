import { accepted, partial } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import type { Batch, Layer, Sender } from '../send/sender.js';
import { joinTrail, noteResent } from '../send/trail.js';

export interface Divide extends Layer {
  /** Raw bytes of a request that the peer was not seen to refuse for its size; Infinity until it refused one. */
  maxBytes(): number;
}

/** Parts of at most so many bytes; the batch itself where it cannot be divided. */
export type Split = (batch: Batch, maxBytes: number) => readonly Batch[];

/**
 * Sends in halves, and halves of those, what the peer refuses for its size. The parts go one after the other, so that
 * they hold one place. Stands above retry: each part has attempts of its own. What `split` cannot divide stays refused.
 *
 * Outcomes are summed up: `accepted` where all parts are, else `partial` with what was refused. Where a part answers
 * `retry` the whole does, and what the peer has of it counts as a possible duplicate.
 */
export const divide = (split: Split): Divide => {
  let maxBytes = Infinity;

  const send = async (next: Sender, batch: Batch, signal: AbortSignal): Promise<Outcome> => {
    const outcome = await next.send(batch, signal);
    if (outcome.kind !== 'refused' || outcome.tooLarge !== true) return outcome;
    const half = Math.ceil(batch.bytes / 2);
    const parts = split(batch, half);
    if (parts.length < 2) return outcome;
    maxBytes = Math.min(maxBytes, half);
    return inParts(next, batch, parts, signal);
  };

  const inParts = async (
    next: Sender,
    whole: Batch,
    parts: readonly Batch[],
    signal: AbortSignal,
  ): Promise<Outcome> => {
    let rejected = 0;
    let reason = '';
    for (const [at, part] of parts.entries()) {
      const outcome = await send(next, part, signal);
      joinTrail(whole, part);
      if (outcome.kind === 'retry') {
        if (at > 0) noteResent(whole);
        return outcome;
      }
      if (outcome.kind === 'accepted') continue;
      rejected += outcome.kind === 'partial' ? outcome.rejected : part.items;
      reason = outcome.reason;
    }
    return rejected === 0 ? accepted : partial(rejected, reason);
  };

  const layer: Layer = (next) => ({
    send: (batch, signal) => send(next, batch, signal),
    close: () => next.close(),
  });
  return Object.assign(layer, { maxBytes: () => maxBytes });
};
