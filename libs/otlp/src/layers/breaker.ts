import type { Outcome } from '../send/outcome.js';
import { refused, retry } from '../send/outcome.js';
import type { Clock, Layer, Next, Sender } from '../send/sender.js';
import { systemClock } from '../send/sender.js';
import { BreakerCircuit } from './breaker-circuit.js';
import type { BreakerState } from './breaker-circuit.js';
import { BREAKER_OPEN, CLOSED } from './fault.js';

interface BreakerOptions {
  /** So many failures in a row open it. Default: 5. */
  readonly failures?: number;
  /** Share of failed calls in the window that opens it. Default: 0.5. */
  readonly failureRatio?: number;
  /** Fewer calls in the window than this prove nothing. Default: 10. */
  readonly minCalls?: number;
  /** Default: 10000. */
  readonly windowMs?: number;
  /** First pause before a probe. Default: 1000. */
  readonly probeMs?: number;
  /** Longest pause before a probe. Default: 30000. */
  readonly maxProbeMs?: number;
  /** In [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
  readonly clock?: Clock;
}

/** A breaker as retry, health and metrics see it. */
export interface BreakerView {
  state(): BreakerState;
  /** Calls `listener` after each change, and ignores what it throws. Returns a function that ends the calls. */
  onChange(listener: (state: BreakerState) => void): () => void;
}

export interface Breaker extends Layer, BreakerView {
  /** If the breaker is open, a probe may go now. */
  probeNow(): void;
  /** For the shutdown: a probe may go now, and the next ones after 100 ms growing to 1 s. There is no way back. */
  hurry(): void;
}

/**
 * Keeps attempts away from a peer that does not work. One breaker per peer; it may wrap several senders.
 *
 * | state | opens / closes when | a send |
 * |---|---|---|
 * | closed | opens at `failures` in a row, or at `failureRatio` of at least `minCalls` in `windowMs` | goes on |
 * | open | a probe is due after `probeMs`, growing with the outage | `retry` `breaker_open`, at once |
 * | half-open | the probe's answer closes it or opens it again | the first is the probe, others as when open |
 *
 * Failures are those of the peer: no connection, no answer, UNAVAILABLE and the like. A refusal, a partial success
 * and a request for patience come from a peer that works. The pause before a probe is a sixtieth of the outage so
 * far, from `probeMs` to `maxProbeMs`, and up to a quarter longer by chance: never more than one attempt per second
 * to a dead peer, and a minute's outage is over for us at most 1.25 s after it is over.
 */
export function breaker(options: BreakerOptions = {}): Breaker {
  const clock = options.clock ?? systemClock;
  const circuit = new BreakerCircuit({
    failures: options.failures ?? 5,
    failureRatio: options.failureRatio ?? 0.5,
    minCalls: options.minCalls ?? 10,
    windowMs: options.windowMs ?? 10_000,
    probeMs: options.probeMs ?? 1000,
    maxProbeMs: options.maxProbeMs ?? 30_000,
    random: options.random ?? Math.random,
    clock,
  });
  let wraps = 0;
  const layer: Layer = (next) => {
    wraps += 1;
    return guard(circuit, next, () => {
      wraps -= 1;
      if (wraps === 0) circuit.stop();
    });
  };
  return Object.assign(layer, {
    state: () => circuit.state,
    onChange: (listener: (state: BreakerState) => void) => circuit.onChange(listener),
    probeNow: () => circuit.probeNow(),
    hurry: () => circuit.hurry(),
  });
}

function guard(circuit: BreakerCircuit, next: Next, onClose: () => void): Sender {
  let closed = false;
  return {
    async send(batch, signal, trail): Promise<Outcome> {
      if (closed) return refused(CLOSED);
      const call = circuit.admit();
      if (call === undefined) return retry(BREAKER_OPEN, circuit.waitMs());
      const outcome = await next.send(batch, signal, trail);
      circuit.settle(call, outcome);
      return outcome;
    },
    async close(): Promise<void> {
      if (!closed) {
        closed = true;
        onClose();
      }
      await next.close();
    },
  };
}
