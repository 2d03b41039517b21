import { accepted, partial, retry } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import type { Batch, Layer, Sender } from '../send/sender.js';
import { joinTrail, noteResent } from '../send/trail.js';
import { LEAST_BYTES } from './request-size.js';

export interface Divide extends Layer {
  /** Raw bytes of a request that the peer takes and that gets through; Infinity until one was too large. */
  maxBytes(): number;
  /** Whether a batch is above that and can be sent in parts. */
  divides(batch: Batch): boolean;
}

/** Parts of at most so many bytes; the batch itself where it cannot be divided. */
type Split = (batch: Batch, maxBytes: number) => readonly Batch[];

/**
 * Sends in halves, and halves of those down to 16 KiB, what the peer refuses for its size, and in parts of at most
 * `passes()` what would not get through in its time (default: any size does). The parts go one after the other, so that
 * they hold one place; several go together again as soon as they may. What stays refused for its size is told to
 * `onTooLarge`, which must not throw. Stands above retry: each part has attempts of its
 * own. What `split` cannot divide stays refused.
 *
 * Outcomes are summed up: `accepted` where all parts are, else `partial` with what was refused. Where a part answers
 * `retry` the whole does, and what the peer has of it counts as a possible duplicate.
 */
export const divide = (
  split: Split,
  passes: () => number = () => Infinity,
  onTooLarge: (batch: Batch, reason: string) => void = () => {},
): Divide => {
  let taken = Infinity;
  const maxBytes = (): number => Math.min(taken, passes());
  const divides = (batch: Batch): boolean =>
    batch.bytes > maxBytes() && split(batch, maxBytes()).length > 1;

  const send = async (next: Sender, batch: Batch, signal: AbortSignal): Promise<Outcome> => {
    const most = maxBytes();
    const parts = split(batch, most);
    if (parts.length > 1) return inParts(next, batch, parts, signal);
    const outcome = await next.send(batch, signal);
    if (!('tooLarge' in outcome)) return outcome;
    const half = Math.max(LEAST_BYTES, Math.ceil(batch.bytes / 2));
    const smaller = split(batch, Math.min(half, maxBytes()));
    if (smaller.length > 1) {
      if (outcome.kind === 'refused') taken = Math.min(taken, half);
      return inParts(next, batch, smaller, signal);
    }
    if (outcome.kind === 'retry') return retry(outcome.reason);
    onTooLarge(batch, outcome.reason);
    return outcome;
  };

  const inParts = async (
    next: Sender,
    whole: Batch,
    parts: readonly Batch[],
    signal: AbortSignal,
  ): Promise<Outcome> => {
    let rejected = 0;
    let reason = '';
    for (let at = 0; at < parts.length;) {
      const company = companyOf(parts, at, maxBytes());
      const part = company.length === 1 ? company[0]! : joined(company);
      const outcome = await send(next, part, signal);
      joinTrail(whole, part);
      if (outcome.kind === 'retry') {
        if (at > 0) noteResent(whole);
        return outcome;
      }
      at += company.length;
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
  return Object.assign(layer, { maxBytes, divides });
};

/** Those from `at` on that go in one request now; one at least. */
function companyOf(parts: readonly Batch[], at: number, maxBytes: number): readonly Batch[] {
  let to = at;
  let bytes = 0;
  while (to < parts.length && (to === at || bytes + parts[to]!.bytes <= maxBytes)) {
    bytes += parts[to]!.bytes;
    to += 1;
  }
  return parts.slice(at, to);
}

const joined = (parts: readonly Batch[]): Batch => ({
  signal: parts[0]!.signal,
  items: parts.reduce((sum, { items }) => sum + items, 0),
  bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
  chunks: parts.flatMap(({ chunks }) => chunks),
});
