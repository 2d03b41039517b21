import { faultOf } from '../layers/fault.js';
import { Backoff } from '../send/backoff.js';
import type { Outcome } from '../send/outcome.js';
import type { Clock } from '../send/sender.js';

/** Live traffic at one moment, without replayed batches. */
export interface Load {
  /** Batches that wait for a free slot. */
  readonly queued: number;
  readonly inFlight: number;
  /** The number of batches that may be in flight in all. */
  readonly limit: number;
  /** Bytes acknowledged since the start. */
  readonly sentBytes: number;
}

export interface PaceOptions {
  /**
   * Replays one record after the other, for collectors that take a signal only in order. The oldest record is repeated
   * until it is settled, whatever is live. A record is passed over after it failed for 5 min while others were taken, or
   * for an hour. Default: false.
   */
  readonly inOrder?: boolean;
  /** The live traffic. It is asked before each batch. */
  readonly load: () => Load;
  /** Nothing is replayed while this function returns true, which it does while the breaker is open. Default: never. */
  readonly paused?: () => boolean;
  /** The part of live bytes that may be replayed while live batches wait. Default: 0.2. */
  readonly fraction?: number;
  /** How long a batch may take before fewer are replayed at once. Default: 1000 ms. */
  readonly latencyMs?: number;
  /** From this many bytes in flight on, no more batches are begun, because they are on the heap. Default: 8 MiB. */
  readonly maxBytes?: number;
}

const BLOCKED_MS = 50;
const IDLE_MS = 1000;
const MAX_BACKOFF_MS = 30_000;
const FAILED = new Backoff({ firstMs: 1000, maxMs: MAX_BACKOFF_MS });
/**
 * The longest backoff while the peer fails. Its breaker decides when to try again, and a longer pause would miss that.
 */
const MAX_PEER_BACKOFF_MS = 2000;
/** The interval of looks while the peer fails. */
const LOOK_MS = 250;
const MAX_ASKED_MS = 60_000;
const MAX_IN_FLIGHT_BYTES = 8 * 1024 * 1024;
const MAX_CREDIT_BYTES = 4 * 1024 * 1024;

/** Decides when the next record may be replayed. Live batches come first. */
export class ReplayPace {
  readonly #options: PaceOptions;
  readonly #clock: Clock;
  readonly #onRecovered: () => void;
  /** The number of records that may be replayed at once. */
  #window = 1;
  /** The bytes that may be replayed while live batches wait. */
  #creditBytes = 0;
  /** Live bytes that have earned credit. */
  #liveBytes: number;
  #failures = 0;
  #notBeforeMs = 0;
  /** The part of that pause that the peer asked for. */
  #askedUntilMs = 0;
  /** The time of the next look after the spool gave nothing. */
  #idleUntilMs = 0;
  /** The time from which a resting record may be leased. */
  #probeAtMs = 0;
  #wasOpen = false;
  /** A send failed since the last success. `#sentBytes` are the live bytes that had been sent by then. */
  #hasFailed = false;
  #sentBytes = 0;

  /** `onRecovered` is called at the first success after a failure. */
  constructor(options: PaceOptions, clock: Clock, onRecovered: () => void) {
    this.#options = options;
    this.#clock = clock;
    this.#onRecovered = onRecovered;
    this.#liveBytes = options.load().sentBytes;
  }

  /**
   * True if something failed since the last success, and a resting record is due to find out whether the peer is back.
   */
  get mayProbe(): boolean {
    return this.#hasFailed && this.#clock.now() >= this.#probeAtMs;
  }

  /** True while nothing is expected soon. */
  get isStuck(): boolean {
    const nowMs = this.#clock.now();
    if (this.#idleUntilMs > nowMs || this.#options.paused?.() === true) return true;
    return this.#hasFailed && this.#notBeforeMs > nowMs;
  }

  /** The wait before the next look while `count` records are replayed. 0 means that one more may go now. */
  waitMs(count: number, bytes: number): number {
    const { paused, load, inOrder = false, maxBytes = MAX_IN_FLIGHT_BYTES } = this.#options;
    // 1. Nothing goes while the breaker is open: it would fail.
    if (paused?.() === true) {
      this.#wasOpen = true;
      return LOOK_MS;
    }
    if (this.#wasOpen) this.#resume();
    // 2. Nothing goes in the pause after a failure, or while the spool is empty.
    const { inFlight, limit, queued, sentBytes } = load();
    if (this.#hasFailed && sentBytes > this.#sentBytes) this.#recover();
    const pauseMs = Math.max(this.#notBeforeMs, this.#idleUntilMs) - this.#clock.now();
    if (pauseMs > 0) return Math.min(this.#hasFailed ? LOOK_MS : IDLE_MS, Math.ceil(pauseMs));
    // 3. As many go at once as the link carries within `latencyMs`: no live batch waits longer behind them.
    if (inOrder) return count === 0 ? 0 : BLOCKED_MS;
    if (count >= this.#window || bytes >= maxBytes) return BLOCKED_MS;
    // 4. While live batches wait, one record goes at a time, up to a fraction of the live bytes.
    this.#earn(sentBytes);
    if (queued > 0) return count === 0 && this.#creditBytes > 0 ? 0 : BLOCKED_MS;
    // 5. Otherwise the free slots are used, less one for the next live batch, but at least one.
    return count < Math.max(1, limit - inFlight - 1) ? 0 : BLOCKED_MS;
  }

  /** A batch was appended, so the next look is now. */
  wake(): void {
    this.#idleUntilMs = 0;
  }

  /** The spool gave nothing. */
  idle(): void {
    this.#idleUntilMs = this.#clock.now() + IDLE_MS;
  }

  /** A caller waits, so a pause that the peer did not ask for ends now. */
  hurry(): void {
    this.#notBeforeMs = Math.min(this.#notBeforeMs, this.#askedUntilMs);
    this.#probeAtMs = 0;
  }

  /**
   * A record of this many bytes goes. It costs no credit while no live batch waits, since nothing shares the link
   * then.
   */
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
    // No collector was asked.
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

  /** The breaker lets an attempt through. */
  #resume(): void {
    this.#wasOpen = false;
    this.#failures = 0;
    this.#idleUntilMs = 0;
    this.hurry();
  }

  /** The peer took a batch for the first time since the last failure. */
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
