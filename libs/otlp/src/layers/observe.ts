import type { Outcome } from '../send/outcome.js';
import type { Batch, Clock, Layer } from '../send/sender.js';
import { systemClock } from '../send/sender.js';
import type { Signal } from '../wire/model.js';
import { beginTrail } from '../send/trail.js';

/** One batch from hand-over to its last answer. */
export interface Operation {
  readonly signal: Signal;
  readonly items: number;
  readonly bytes: number;
  /** The attempts that left for the peer. 0 if the breaker refused all of them. */
  readonly attempts: number;
  /** Back-off included. */
  readonly durationMs: number;
  /** The collector may have the items twice. */
  readonly possibleDuplicate: boolean;
  readonly outcome: Outcome;
}

/** Errors that these throw are ignored. */
interface OperationListener {
  started?(batch: Batch): void;
  ended(operation: Operation): void;
}

/**
 * Reports each operation once it has ended. It is the outermost layer, so that its durations include those of all
 * others.
 */
export function observe(listener: OperationListener, clock: Clock = systemClock): Layer {
  return (next) => ({
    async send(batch, signal, trail = beginTrail()) {
      const startedAt = clock.now();
      quietly(() => listener.started?.(batch));
      const outcome = await next.send(batch, signal, trail);
      quietly(() =>
        listener.ended({
          signal: batch.signal,
          items: batch.items,
          bytes: batch.bytes,
          attempts: trail.attempts ?? 1,
          durationMs: clock.now() - startedAt,
          // Without retry the sender's caller judges it: the replay, which keeps the batch.
          possibleDuplicate: trail.attempts !== undefined && trail.resent,
          outcome,
        }),
      );
      return outcome;
    },
    close: () => next.close(),
  });
}

function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // A listener's fault is not the send's.
  }
}
