import { accepted, partial, retry } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import type { Batch, Layer, Next } from '../send/sender.js';
import { beginTrail, joinTrail, type Trail } from '../send/trail.js';
import { LEAST_BYTES } from './request-size.js';

export interface BatchSplitter extends Layer {
  /** Raw bytes that the peer takes in one request, and in time; Infinity until a request was too large. */
  maxBytes(): number;
  /** The batch is larger than that and can be split. */
  splits(batch: Batch): boolean;
}

/** Splits into parts of at most `maxBytes`. Returns the batch itself if it cannot be split. */
type Split = (batch: Batch, maxBytes: number) => readonly Batch[];

/**
 * Splits a batch that the peer refuses for its size into halves, and those into halves, down to 16 KiB. A batch that
 * would not get through in its time is sent in parts of at most `passes()` (default: any size passes). The parts go one
 * after the other, so that they hold one slot. Several parts become one request again as soon as `passes()` allows it.
 * `onTooLarge`, which must not throw, gets each batch that stays refused for its size. A batch that `split` cannot
 * split stays refused. Stands above retry, so that each part has attempts of its own.
 *
 * The outcome is `accepted` if all parts were accepted, and otherwise `partial` with the refused items. If a part
 * answers `retry`, so does the whole batch, and the accepted parts count as possible duplicates.
 */
export function splitBatches(
  split: Split,
  passes: () => number = () => Infinity,
  onTooLarge: (batch: Batch, reason: string) => void = () => {},
): BatchSplitter {
  let taken = Infinity;
  function maxBytes(): number {
    return Math.min(taken, passes());
  }
  function splits(batch: Batch): boolean {
    return batch.bytes > maxBytes() && split(batch, maxBytes()).length > 1;
  }

  async function send(
    next: Next,
    batch: Batch,
    signal: AbortSignal,
    trail: Trail,
  ): Promise<Outcome> {
    const most = maxBytes();
    const parts = split(batch, most);
    if (parts.length > 1) return inParts(next, parts, signal, trail);
    const outcome = await next.send(batch, signal, trail);
    if (!('tooLarge' in outcome)) return outcome;
    const half = Math.max(LEAST_BYTES, Math.ceil(batch.bytes / 2));
    const smaller = split(batch, Math.min(half, maxBytes()));
    if (smaller.length > 1) {
      if (outcome.kind === 'refused') taken = Math.min(taken, half);
      return inParts(next, smaller, signal, trail);
    }
    if (outcome.kind === 'retry') return retry(outcome.reason);
    onTooLarge(batch, outcome.reason);
    return outcome;
  }

  async function inParts(
    next: Next,
    parts: readonly Batch[],
    signal: AbortSignal,
    trail: Trail,
  ): Promise<Outcome> {
    let rejected = 0;
    let reason = '';
    for (let at = 0; at < parts.length;) {
      const together = nextRequest(parts, at, maxBytes());
      const part = together.length === 1 ? together[0]! : joined(together);
      const partTrail = beginTrail();
      const outcome = await send(next, part, signal, partTrail);
      joinTrail(trail, partTrail);
      if (outcome.kind === 'retry') {
        if (at > 0) trail.resent = true;
        return outcome;
      }
      at += together.length;
      if (outcome.kind === 'accepted') continue;
      rejected += outcome.kind === 'partial' ? outcome.rejected : part.items;
      reason = outcome.reason;
    }
    return rejected === 0 ? accepted : partial(rejected, reason);
  }

  const layer: Layer = (next) => ({
    send: (batch, signal, trail = beginTrail()) => send(next, batch, signal, trail),
    close: () => next.close(),
  });
  return Object.assign(layer, { maxBytes, splits });
}

/** The parts from `at` on that go in one request now; at least one. */
function nextRequest(parts: readonly Batch[], at: number, maxBytes: number): readonly Batch[] {
  let to = at;
  let bytes = 0;
  while (to < parts.length && (to === at || bytes + parts[to]!.bytes <= maxBytes)) {
    bytes += parts[to]!.bytes;
    to += 1;
  }
  return parts.slice(at, to);
}

function joined(parts: readonly Batch[]): Batch {
  return {
    signal: parts[0]!.signal,
    items: parts.reduce((sum, { items }) => sum + items, 0),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    chunks: parts.flatMap(({ chunks }) => chunks),
  };
}
