import type { Outcome } from '../send/outcome.js';
import { retry } from '../send/outcome.js';
import type { Clock, Layer } from '../send/sender.js';
import { systemClock } from '../send/sender.js';
import { ABORTED, LOOP_BLOCKED, TIMEOUT, UNANSWERED } from './fault.js';

/** The time in which an aborted attempt must release the batch. */
const LET_GO_MS = 50;
/** After a deadline that came late, how long answers that wait in the socket have to be read. */
const READ_MS = 50;
/** Timers are this late on a loop that is merely busy. */
const LATE_MS = 20;
const LONGEST_SLICE_MS = 250;

/**
 * Ends an attempt `timeoutMs` (default 10000, at least 1) after its start, even if the peer sends its answer byte by
 * byte. It aborts the attempt and answers `retry` `timeout` within 100 ms more, even if the wrapped sender never
 * settles. An answer that comes while the attempt is being aborted counts.
 *
 * Time in which our own event loop was blocked is no fault of the peer. So the attempt's timer runs in slices, and
 * their delays are added up. If the sum passes a tenth of the timeout, the reason is `event_loop_blocked`. If the
 * deadline itself is late, 50 ms remain to read the data that came meanwhile.
 *
 * If the wrapped sender throws or rejects, against its contract, the answer is `retry` `internal_error`.
 */
export function timeout(timeoutMs = 10_000, clock: Clock = systemClock): Layer {
  return (next) => ({
    send: (batch, outer, trail) =>
      withDeadline((inner) => next.send(batch, inner, trail), outer, Math.max(1, timeoutMs), clock),
    close: () => next.close(),
  });
}

function withDeadline(
  attempt: (inner: AbortSignal) => Promise<Outcome>,
  outer: AbortSignal,
  timeoutMs: number,
  clock: Clock,
): Promise<Outcome> {
  if (outer.aborted) return Promise.resolve(retry(ABORTED));
  return new Promise((resolve) => {
    const controller = new AbortController();
    const deadline = clock.now() + timeoutMs;
    const sliceMs = Math.min(LONGEST_SLICE_MS, Math.max(LATE_MS, timeoutMs / 40));
    let blockedMs = 0;
    let ended: Outcome | undefined;
    let cancel: () => void = () => {};

    function settle(outcome: Outcome): void {
      cancel();
      outer.removeEventListener('abort', onAbort);
      resolve(outcome);
    }
    function end(reason: string): void {
      if (ended !== undefined) return;
      const outcome = retry(reason);
      ended = outcome;
      cancel();
      cancel = clock.after(LET_GO_MS, () => settle(outcome));
      controller.abort();
    }
    function onAbort(): void {
      end(UNANSWERED);
    }
    function expire(): void {
      end(blockedMs > timeoutMs / 10 ? LOOP_BLOCKED : TIMEOUT);
    }
    function watch(): void {
      const due = Math.min(clock.now() + sliceMs, deadline);
      cancel = clock.after(due - clock.now(), () => {
        const lateMs = clock.now() - due;
        const late = lateMs >= LATE_MS;
        if (late) blockedMs += lateMs;
        if (clock.now() < deadline) watch();
        else if (late) cancel = clock.after(READ_MS, expire);
        else expire();
      });
    }

    outer.addEventListener('abort', onAbort);
    watch();
    begin(attempt, controller.signal).then(
      (outcome) => settle(outcome.kind === 'retry' ? (ended ?? outcome) : outcome),
      () => settle(ended ?? retry('internal_error')),
    );
  });
}

async function begin(
  attempt: (inner: AbortSignal) => Promise<Outcome>,
  inner: AbortSignal,
): Promise<Outcome> {
  return attempt(inner);
}
