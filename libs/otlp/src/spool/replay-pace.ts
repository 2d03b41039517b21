import { faultOf } from '../layers/fault.js';
import { Backoff } from '../send/backoff.js';
import type { Outcome } from '../send/outcome.js';
import type { Clock } from '../send/sender.js';

/** Live traffic at one moment, without replayed batches. */
export interface Load {
  /** Batches that wait for a free slot. */
  readonly queued: number;
  readonly inFlight: number;
  /** How many may be in flight at all. */
  readonly limit: number;
  /** Bytes acknowledged since the start. */
  readonly sentBytes: number;
}

export interface PaceOptions {
  /**
   * One record after the other, the oldest until it is done with, whatever is live: for what a collector takes only in
   * order. A record is passed over that failed for 5 min while others were taken, or for an hour. Default: false.
   */
  readonly inOrder?: boolean;
  /** Asked before each batch. */
  readonly load: () => Load;
  /** While it answers true (the breaker is open) nothing is replayed. Default: never. */
  readonly paused?: () => boolean;
  /** The part of live bytes that may be replayed while live batches wait. Default: 0.2. */
  readonly fraction?: number;
  /** How long a batch may take before fewer are replayed at once. Default: 1000 ms. */
  readonly latencyMs?: number;
  /** Batches in flight are on the heap: from so many bytes on no more is begun. Default: 8 MiB. */
  readonly maxBytes?: number;
}

const BLOCKED_MS = 50;
const IDLE_MS = 1000;
const MAX_BACKOFF_MS = 30_000;
const FAILED = new Backoff({ firstMs: 1000, maxMs: MAX_BACKOFF_MS });
/** Where the peer does not work its breaker says when to try again, and that must not be slept through. */
const MAX_PEER_BACKOFF_MS = 2000;
/** How often to look while the peer does not work. */
const LOOK_MS = 250;
const MAX_ASKED_MS = 60_000;
const MAX_IN_FLIGHT_BYTES = 8 * 1024 * 1024;
const MAX_CREDIT_BYTES = 4 * 1024 * 1024;

/** When the next record may be replayed. Live batches come first. */
export class ReplayPace {
  readonly #options: PaceOptions;
  readonly #clock: Clock;
  readonly #onRecovered: () => void;
  /** How many may be replayed at once. */
  #window = 1;
  /** What may be replayed while live batches wait. */
  #creditBytes = 0;
  /** Live bytes that have earned credit. */
  #liveBytes: number;
  #failures = 0;
  #notBeforeMs = 0;
  /** The part of that pause that the peer asked for. */
  #askedUntilMs = 0;
  /** Nothing was there; the next look is then. */
  #idleUntilMs = 0;
  /** When a record that rests may be asked for. */
  #probeAtMs = 0;
  #wasOpen = false;
  /** Something failed since the last success, and so many live bytes were sent by then. */
  #hasFailed = false;
  #sentBytes = 0;

  /** `onRecovered`: something was taken since the last failure. */
  constructor(options: PaceOptions, clock: Clock, onRecovered: () => void) {
    this.#options = options;
    this.#clock = clock;
    this.#onRecovered = onRecovered;
    this.#liveBytes = options.load().sentBytes;
  }

  /** All that is there failed and rests, and it is time for one of it to find out whether the peer is back. */
  get mayProbe(): boolean {
    return this.#hasFailed && this.#clock.now() >= this.#probeAtMs;
  }

  /** Nothing is to be expected soon. */
  get isStuck(): boolean {
    const nowMs = this.#clock.now();
    if (this.#idleUntilMs > nowMs || this.#options.paused?.() === true) return true;
    return this.#hasFailed && this.#notBeforeMs > nowMs;
  }

  /** How long to wait for the next look while `count` are replayed; 0: one more may go now. */
  waitMs(count: number, bytes: number): number {
    const { paused, load, inOrder = false, maxBytes = MAX_IN_FLIGHT_BYTES } = this.#options;
    // 1. A breaker that is open needs no more to fail.
    if (paused?.() === true) {
      this.#wasOpen = true;
      return LOOK_MS;
    }
    if (this.#wasOpen) this.#resume();
    // 2. Nor does a peer that asked for a pause, nor an empty spool.
    const { inFlight, limit, queued, sentBytes } = load();
    if (this.#hasFailed && sentBytes > this.#sentBytes) this.#recover();
    const pauseMs = Math.max(this.#notBeforeMs, this.#idleUntilMs) - this.#clock.now();
    if (pauseMs > 0) return Math.min(this.#hasFailed ? LOOK_MS : IDLE_MS, Math.ceil(pauseMs));
    // 3. As many at once as the link carries within `latencyMs`: no live batch waits longer behind them.
    if (inOrder) return count === 0 ? 0 : BLOCKED_MS;
    if (count >= this.#window || bytes >= maxBytes) return BLOCKED_MS;
    // 4. Where live batches wait: one at a time, and a fraction of their bytes.
    this.#earn(sentBytes);
    if (queued > 0) return count === 0 && this.#creditBytes > 0 ? 0 : BLOCKED_MS;
    // 5. Otherwise what is free, less one slot for the live batch that comes next; one in any case.
    return count < Math.max(1, limit - inFlight - 1) ? 0 : BLOCKED_MS;
  }

  /** Something was appended: it is looked for now. */
  wake(): void {
    this.#idleUntilMs = 0;
  }

  /** Nothing was there. */
  idle(): void {
    this.#idleUntilMs = this.#clock.now() + IDLE_MS;
  }

  /** Somebody waits: a pause that the peer did not ask for is no reason not to ask the peer. */
  hurry(): void {
    this.#notBeforeMs = Math.min(this.#notBeforeMs, this.#askedUntilMs);
    this.#probeAtMs = 0;
  }

  /** So many bytes go. While no live batch waits they cost no credit: there is nobody to share with. */
  spend(bytes: number): void {
    if (this.#options.load().queued > 0) this.#creditBytes -= bytes;
  }

  learn(outcome: Outcome, tookMs: number): void {
    const { latencyMs = 1000, load } = this.#options;
    if (outcome.kind !== 'retry') {
      if (this.#hasFailed) this.#recover();
      if (tookMs > latencyMs) this.#window = Math.max(1, Math.floor(this.#window / 2));
      else if (tookMs <= latencyMs / 2) this.#window = Math.min(load().limit, this.#window + 1);
      return;
    }
    const nowMs = this.#clock.now();
    const askedMs = Math.min(MAX_ASKED_MS, outcome.afterMs ?? 0);
    this.#window = 1;
    const fault = faultOf(outcome);
    // Nobody was asked.
    if (fault === 'own') return this.#pause(nowMs + Math.max(BLOCKED_MS, askedMs));
    const growingMs = FAILED.afterMs(this.#failures + 1);
    const backoffMs = Math.min(fault === 'peer' ? MAX_PEER_BACKOFF_MS : MAX_BACKOFF_MS, growingMs);
    this.#probeAtMs = nowMs + growingMs;
    // Several that fail together are one failure.
    if (this.#notBeforeMs <= nowMs) this.#failures += 1;
    this.#hasFailed = true;
    this.#sentBytes = load().sentBytes;
    this.#askedUntilMs = Math.max(this.#askedUntilMs, nowMs + askedMs);
    this.#pause(nowMs + Math.max(backoffMs, askedMs));
  }

  /** The breaker lets somebody through. */
  #resume(): void {
    this.#wasOpen = false;
    this.#failures = 0;
    this.#idleUntilMs = 0;
    this.hurry();
  }

  /** Something was taken since the last failure. */
  #recover(): void {
    this.#resume();
    this.#hasFailed = false;
    this.#onRecovered();
  }

  #earn(sentBytes: number): void {
    const { fraction = 0.2 } = this.#options;
    const earned = this.#creditBytes + (sentBytes - this.#liveBytes) * fraction;
    this.#creditBytes = Math.min(MAX_CREDIT_BYTES, earned);
    this.#liveBytes = sentBytes;
  }

  #pause(untilMs: number): void {
    this.#notBeforeMs = Math.max(this.#notBeforeMs, untilMs);
  }
}
