import { faultOf } from '../layers/fault.js';
import type { Outcome } from '../send/outcome.js';
import { systemClock, type Batch, type Clock, type Sender } from '../send/sender.js';
import { SIGNALS, type Signal } from '../wire/model.js';
import { Head } from './head.js';
import { type Items } from './counts.js';
import type { Spool, SpooledRecord } from './spool.js';

/** Live traffic at one moment, what is replayed not included. */
export interface Load {
  /** Batches that wait for a free slot. */
  readonly queued: number;
  readonly inFlight: number;
  /** How many may be in flight at all. */
  readonly limit: number;
  /** Acknowledged since the start. */
  readonly sentBytes: number;
}

export interface ReplayOptions {
  /** Whose records; others are left alone. Default: all. */
  readonly signals?: readonly Signal[];
  /**
   * One after the other, the oldest until it is done with, whatever is live: for what a collector takes in that order only.
   * One that failed for 5 min while others were taken, or for an hour, is passed over. Default: false.
   */
  readonly inOrder?: boolean;
  /** Asked before each batch. */
  readonly load: () => Load;
  /** While it answers true (the breaker is open) nothing is replayed. Default: never. */
  readonly paused?: () => boolean;
  /** Of live bytes, that may be replayed while live batches wait. Default: 0.2. */
  readonly fraction?: number;
  /** How long a batch may take before fewer are replayed at once. Default: 1000 ms. */
  readonly latencyMs?: number;
  /** What is in flight is on the heap; none more is begun from so many bytes on. Default: 8 MiB. */
  readonly maxBytes?: number;
  readonly clock?: Clock;
  /** What came of each, for the ledger. Called before it is acknowledged. */
  readonly onOutcome?: (batch: Batch, outcome: Outcome, wasDoubtful: boolean) => void;
}

export interface Replayer {
  /** Something was appended: it is looked for now, not at the end of a rest for want of records. Cheap. */
  wake(): void;
  /**
   * Resolves when all that is there now is done with, or as soon as nothing of it can be sent: the peer does not work,
   * failed or asked for a pause. Also when stopped.
   */
  flush(): Promise<void>;
  /** Aborts what is in flight and gives it back. Safe twice. The spool and the sender stay open. */
  stop(): Promise<void>;
}

const BLOCKED_MS = 50;
const IDLE_MS = 1000;
const FIRST_BACK_OFF_MS = 1000;
const MAX_BACK_OFF_MS = 30_000;
/** Where the peer does not work its breaker says when to try again, and that must not be slept through. */
const MAX_PEER_BACK_OFF_MS = 2000;
/** While the peer does not work. */
const LOOK_MS = 250;
const MAX_PAUSE_MS = 60_000;
const MAX_IN_FLIGHT_BYTES = 8 * 1024 * 1024;
const MAX_CREDIT_BYTES = 4 * 1024 * 1024;

/** Sends what is in the spool through `send`, which need not retry. Live batches come first. One for each peer. */
export const replay = (spool: Spool, send: Sender, options: ReplayOptions): Replayer =>
  new SpoolReplayer(spool, send, options);

interface Flush {
  /** Appended before it. */
  readonly mark: Items;
  readonly done: () => void;
}

class SpoolReplayer implements Replayer {
  readonly #spool: Spool;
  readonly #send: Sender;
  readonly #options: ReplayOptions;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #flushes = new Set<Flush>();
  readonly #head = new Head();
  #window = 1;
  /** In flight. */
  #bytes = 0;
  #creditBytes = 0;
  #liveBytes: number;
  #failures = 0;
  #notBeforeMs = 0;
  /** Nothing was there; the next look is then. */
  #idleUntilMs = 0;
  #wakes = 0;
  /** Part of it that the peer asked for. */
  #askedUntilMs = 0;
  /** When a record that rests may be asked for. */
  #probeAtMs = 0;
  #wasOpen = false;
  /** Something failed since the last success, and so many live bytes were sent by then. */
  #failed = false;
  #sentBytes = 0;
  #cancel: (() => void) | undefined;

  constructor(spool: Spool, send: Sender, options: ReplayOptions) {
    this.#spool = spool;
    this.#send = send;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#liveBytes = options.load().sentBytes;
    this.#pump();
  }

  wake(): void {
    this.#wakes += 1;
    this.#idleUntilMs = 0;
    this.#pump();
  }

  flush(): Promise<void> {
    return new Promise((done) => {
      this.#flushes.add({ mark: this.#spool.stats().appended, done });
      // A pause that nobody asked for is no reason not to ask.
      this.#notBeforeMs = Math.min(this.#notBeforeMs, this.#askedUntilMs);
      this.#probeAtMs = 0;
      this.wake();
    });
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#cancel?.();
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
    const head = this.#head.release();
    if (head !== undefined) this.#spool.acknowledge(head.record, head.outcome);
    this.#settleFlushes();
  }

  /** Starts as many as may be in flight; how long to wait for the next look is `#waitMs`. */
  #pump(): void {
    if (this.#abort.signal.aborted) return this.#settleFlushes();
    this.#cancel?.();
    let waitMs = this.#waitMs();
    while (waitMs === 0) {
      const one: Promise<void> = this.#one().finally(() => {
        this.#inFlight.delete(one);
        this.#settleFlushes();
      });
      this.#inFlight.add(one);
      waitMs = this.#waitMs();
    }
    this.#settleFlushes();
    this.#cancel = this.#clock.after(waitMs, () => this.#pump());
  }

  /** 0: one more may go now. */
  #waitMs(): number {
    const { paused, load, inOrder = false, maxBytes = MAX_IN_FLIGHT_BYTES } = this.#options;
    // 1. A breaker that is open needs no more to fail.
    if (paused?.() === true) {
      this.#wasOpen = true;
      return LOOK_MS;
    }
    if (this.#wasOpen) this.#resume();
    // 2. Nor does a peer that asked for a pause, nor an empty spool.
    const { inFlight, limit, queued, sentBytes } = load();
    if (this.#failed && sentBytes > this.#sentBytes) this.#recover();
    const pauseMs = Math.max(this.#notBeforeMs, this.#idleUntilMs) - this.#clock.now();
    if (pauseMs > 0) return Math.min(this.#failed ? LOOK_MS : IDLE_MS, Math.ceil(pauseMs));
    // 3. As many at once as the link carries within `latencyMs`: no live batch waits longer behind them.
    const replaying = this.#inFlight.size;
    if (inOrder) return replaying === 0 ? 0 : BLOCKED_MS;
    if (replaying >= this.#window || this.#bytes >= maxBytes) return BLOCKED_MS;
    // 4. Where live batches wait: one at a time, and a fraction of their bytes.
    this.#earn(sentBytes);
    if (queued > 0) return replaying === 0 && this.#creditBytes > 0 ? 0 : BLOCKED_MS;
    // 5. Otherwise what is free, less one slot for the live batch that comes next; one in any case.
    return replaying < Math.max(1, limit - inFlight - 1) ? 0 : BLOCKED_MS;
  }

  /** The breaker lets somebody through. */
  #resume(): void {
    this.#wasOpen = false;
    this.#failures = 0;
    this.#probeAtMs = 0;
    this.#idleUntilMs = 0;
    this.#notBeforeMs = Math.min(this.#notBeforeMs, this.#askedUntilMs);
  }

  /** Something was taken since the last failure. */
  #recover(): void {
    this.#resume();
    this.#failed = false;
    this.#spool.resetBackoff(this.#options.signals);
  }

  #settleFlushes(): void {
    if (this.#flushes.size === 0) return;
    const { signals = SIGNALS } = this.#options;
    const over = this.#abort.signal.aborted || (this.#inFlight.size === 0 && this.#isStuck());
    const { acknowledged, evicted, expired, corrupt, recovered } = this.#spool.stats();
    const gone = (signal: Signal): number =>
      acknowledged[signal] + evicted[signal] + expired[signal] + corrupt[signal];
    for (const flush of this.#flushes) {
      const past = signals.every((one) => gone(one) >= flush.mark[one] + recovered[one]);
      if (!over && !past) continue;
      this.#flushes.delete(flush);
      flush.done();
    }
  }

  /** Nothing is to be expected soon. */
  #isStuck(): boolean {
    const nowMs = this.#clock.now();
    if (this.#idleUntilMs > nowMs || this.#options.paused?.() === true) return true;
    return this.#failed && this.#notBeforeMs > nowMs;
  }

  #earn(sentBytes: number): void {
    const { fraction = 0.2 } = this.#options;
    const earned = this.#creditBytes + (sentBytes - this.#liveBytes) * fraction;
    this.#creditBytes = Math.min(MAX_CREDIT_BYTES, earned);
    this.#liveBytes = sentBytes;
  }

  async #one(): Promise<void> {
    const wakes = this.#wakes;
    const record =
      this.#head.record ?? (await this.#spool.take(this.#options.signals)) ?? (await this.#probe());
    if (record === undefined) {
      // What came while we looked may not have been seen.
      if (wakes === this.#wakes) this.#idleUntilMs = this.#clock.now() + IDLE_MS;
      return;
    }
    const startMs = this.#clock.now();
    // What is sent while nobody waits costs no credit: there is nobody to share with.
    if (this.#options.load().queued > 0) this.#creditBytes -= record.batch.bytes;
    const { bytes } = record.batch;
    this.#bytes += bytes;
    const outcome = await this.#send.send(record.batch, this.#abort.signal);
    this.#bytes -= bytes;
    this.#learn(outcome, this.#clock.now() - startMs);
    this.#tell(record, outcome);
    const { inOrder = false, load } = this.#options;
    const isKept =
      inOrder && this.#head.keeps(record, outcome, this.#clock.now(), load().sentBytes);
    if (!isKept) this.#spool.acknowledge(record, outcome);
    // After this one has left `#inFlight`.
    setImmediate(() => this.#pump());
  }

  /** All that is there failed, and rests: one of it finds out whether the peer is back. */
  async #probe(): Promise<SpooledRecord | undefined> {
    if (!this.#failed || this.#clock.now() < this.#probeAtMs) return undefined;
    const { signals } = this.#options;
    return this.#spool.wakeOne(signals) ? this.#spool.take(signals) : undefined;
  }

  #tell(record: SpooledRecord, outcome: Outcome): void {
    try {
      const isDoubtful = record.isDoubtful || this.#head.isDoubtful;
      this.#options.onOutcome?.(record.batch, outcome, isDoubtful);
    } catch {
      // A listener's fault does not keep the record.
    }
  }

  #learn(outcome: Outcome, tookMs: number): void {
    const { latencyMs = 1000, load } = this.#options;
    if (outcome.kind !== 'retry') {
      if (this.#failed) this.#recover();
      if (tookMs > latencyMs) this.#window = Math.max(1, Math.floor(this.#window / 2));
      else if (tookMs <= latencyMs / 2) this.#window = Math.min(load().limit, this.#window + 1);
      return;
    }
    const nowMs = this.#clock.now();
    const askedMs = Math.min(MAX_PAUSE_MS, outcome.afterMs ?? 0);
    this.#window = 1;
    const fault = faultOf(outcome);
    // Nobody was asked.
    if (fault === 'own') return this.#pause(nowMs + Math.max(BLOCKED_MS, askedMs));
    const mostMs = fault === 'peer' ? MAX_PEER_BACK_OFF_MS : MAX_BACK_OFF_MS;
    const growingMs = Math.min(MAX_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** this.#failures);
    const backOffMs = Math.min(mostMs, growingMs);
    this.#probeAtMs = nowMs + growingMs;
    // Several that fail together are one failure.
    if (this.#notBeforeMs <= nowMs) this.#failures += 1;
    this.#failed = true;
    this.#sentBytes = load().sentBytes;
    this.#askedUntilMs = Math.max(this.#askedUntilMs, nowMs + askedMs);
    this.#pause(nowMs + Math.max(backOffMs, askedMs));
  }

  #pause(untilMs: number): void {
    this.#notBeforeMs = Math.max(this.#notBeforeMs, untilMs);
  }
}
