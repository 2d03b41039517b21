import type { Outcome } from '../send/outcome.js';
import type { Clock } from '../send/sender.js';
import { CallWindow } from './call-window.js';
import { faultOf } from './fault.js';

/** Times are the clock's. `sinceMs` is the start of the outage: it stays through all its probes. */
export type BreakerState =
  | { readonly kind: 'closed' }
  | {
      readonly kind: 'open';
      readonly reason: string;
      readonly sinceMs: number;
      readonly probeAtMs: number;
    }
  | {
      readonly kind: 'half-open';
      readonly reason: string;
      readonly sinceMs: number;
      /** The one probe is on its way. */
      readonly probing: boolean;
    };

interface CircuitSettings {
  readonly failures: number;
  readonly failureRatio: number;
  readonly minCalls: number;
  readonly windowMs: number;
  readonly probeMs: number;
  readonly maxProbeMs: number;
  readonly random: () => number;
  readonly clock: Clock;
}

/** Which period of the circuit a call belongs to. */
type Call = number;

const CLOSED_STATE: BreakerState = Object.freeze({ kind: 'closed' });
/** A probe's pause is the outage's length by this. */
const OUTAGE_SHARE = 60;
const PROBE_JITTER = 0.25;
/** The wait of a refused call while a probe is in flight. */
const PROBING_WAIT_MS = 250;
/** The pauses before probes in a hurry: each half as long again as the one before. */
const HURRIED_MS = 100;
const MOST_HURRIED_MS = 1000;
const HURRIED_GROWTH = 1.5;

/** The states behind the breaker. */
export class BreakerCircuit {
  readonly #settings: CircuitSettings;
  readonly #window: CallWindow;
  readonly #listeners = new Set<(state: BreakerState) => void>();
  #state: BreakerState = CLOSED_STATE;
  #inRow = 0;
  // Answers to calls from before the last change say nothing of the state after it.
  #period: Call = 0;
  #cancelTimer = (): void => {};
  /** The next pause before a probe, from the first call of `hurry` on. */
  #hurriedMs: number | undefined;

  constructor(settings: CircuitSettings) {
    this.#settings = settings;
    this.#window = new CallWindow(settings.windowMs);
  }

  get state(): BreakerState {
    return this.#state;
  }

  onChange(listener: (state: BreakerState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Undefined if the call is refused. */
  admit(): Call | undefined {
    const state = this.#state;
    if (state.kind === 'closed') return this.#period;
    if (state.kind === 'open' || state.probing) return undefined;
    this.#change({ ...state, probing: true });
    return this.#period;
  }

  settle(call: Call, outcome: Outcome): void {
    if (call !== this.#period) return;
    const fault = faultOf(outcome);
    const state = this.#state;
    if (state.kind === 'half-open') {
      if (fault === 'own') this.#change({ ...state, probing: false });
      else if (fault === 'peer') this.#open(reasonOf(outcome), state.sinceMs);
      else this.#close();
    } else if (state.kind === 'closed' && fault !== 'own') {
      this.#count(fault === 'peer', outcome);
    }
  }

  /** A probe may go now. */
  probeNow(): void {
    const state = this.#state;
    if (state.kind !== 'open') return;
    this.#cancelTimer();
    const { reason, sinceMs } = state;
    this.#change({ kind: 'half-open', reason, sinceMs, probing: false });
  }

  /** Little time is left: a probe may go now, and the next ones after 100 ms growing to 1 s. */
  hurry(): void {
    this.#hurriedMs ??= HURRIED_MS;
    this.probeNow();
  }

  /** The time that a refused call should wait. */
  waitMs(): number {
    return this.#state.kind === 'open'
      ? Math.max(0, this.#state.probeAtMs - this.#settings.clock.now())
      : PROBING_WAIT_MS;
  }

  stop(): void {
    this.#cancelTimer();
    this.#listeners.clear();
  }

  #count(failed: boolean, outcome: Outcome): void {
    const { failures, failureRatio, minCalls, clock } = this.#settings;
    const now = clock.now();
    this.#window.add(now, failed);
    this.#inRow = failed ? this.#inRow + 1 : 0;
    if (!failed) return;
    const seen = this.#window.count(now);
    const ratioReached = seen.calls >= minCalls && seen.failures >= seen.calls * failureRatio;
    if (this.#inRow >= failures || ratioReached) this.#open(reasonOf(outcome), now);
  }

  #open(reason: string, sinceMs: number): void {
    const { clock } = this.#settings;
    const waitMs = this.#probeWaitMs(clock.now() - sinceMs);
    const probeAtMs = clock.now() + waitMs;
    this.#cancelTimer();
    this.#cancelTimer = clock.after(waitMs, () =>
      this.#change({ kind: 'half-open', reason, sinceMs, probing: false }),
    );
    this.#change({ kind: 'open', reason, sinceMs, probeAtMs });
  }

  #close(): void {
    this.#inRow = 0;
    this.#window.clear();
    this.#change(CLOSED_STATE);
  }

  #probeWaitMs(outageMs: number): number {
    const { probeMs, maxProbeMs, random } = this.#settings;
    if (this.#hurriedMs !== undefined) {
      const hurriedMs = this.#hurriedMs;
      this.#hurriedMs = Math.min(MOST_HURRIED_MS, hurriedMs * HURRIED_GROWTH);
      return hurriedMs;
    }
    const waitMs = Math.max(probeMs, outageMs / OUTAGE_SHARE) * (1 + PROBE_JITTER * random());
    return Math.min(waitMs, maxProbeMs * (1 - PROBE_JITTER * random()));
  }

  #change(state: BreakerState): void {
    this.#state = state;
    this.#period += 1;
    for (const listener of this.#listeners) {
      try {
        listener(state);
      } catch {
        // A listener's fault is not the send's.
      }
    }
  }
}

function reasonOf(outcome: Outcome): string {
  return 'reason' in outcome ? outcome.reason : outcome.kind;
}
