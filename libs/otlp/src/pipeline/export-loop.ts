import { createConsumers } from '../layers/consumers.js';
import type { Consumers } from '../layers/consumers.js';
import { mayHaveArrived } from '../layers/fault.js';
import type { Outcome } from '../send/outcome.js';
import type { Batch, Clock } from '../send/sender.js';
import { signals } from '../slab/memory.js';
import type { SlabBatch, SlabReader } from '../slab/slab-reader.js';
import type { Signal } from '../wire/model.js';
import type { Load } from '../spool/replay.js';
import type { Lane, Overflow } from './lane.js';

/** Bytes outside the slabs: what was encoded in one piece, such as a collection of metrics. */
export interface OwnBatch extends Batch {
  /** Grows with each. */
  readonly id: number;
}

/** What became of a batch; `aborted`: the deadline of the shutdown came first. */
export type Settled = Outcome | { readonly kind: 'spooled' } | { readonly kind: 'aborted' };

/** What a flush waits for: everything that was appended or offered before. */
export interface Marks {
  readonly sequence: number;
  readonly own: number;
}

export interface ExportLoopOptions {
  readonly reader: SlabReader;
  /** None for a signal that is not exported. Signals that go to one collector have one lane. */
  readonly lanes: Readonly<Partial<Record<Signal, Lane>>>;
  /** Asked each time: a disk may take a while to open. */
  readonly overflow: () => Overflow | undefined;
  /** Raw bytes that a request aims at. */
  readonly targetBytes: number;
  /** How long a sealed slab may wait, from its opening, for others to travel with. */
  readonly lingerMs: number;
  /** Items that leave the queue for the first time. */
  readonly onHanded: (signal: Signal, items: number) => void;
  /** An own batch leaves the queue. */
  readonly onTaken: (id: number) => void;
  /** Items that the collector may have, and gets once more. */
  readonly onDoubtful: (signal: Signal, items: number) => void;
  /** Called once for each batch, in the turn its memory was given back. `id` of an own batch. */
  readonly onSettled: (batch: Batch, settled: Settled, id: number | undefined) => void;
  /** Told of what must not happen. */
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
}

type Work = SlabBatch | OwnBatch;
interface Flush {
  readonly marks: Marks;
  readonly done: () => void;
}

/** While something is flushed, slabs that the other thread is moving are looked at so often. */
const FLUSH_CHECK_MS = 20;

/** Of the slabs, what may be sealed before it is full while batches wait for a retry. */
const SPARE_SHARE = 0.25;

const isOwn = (batch: Batch): batch is OwnBatch => 'id' in batch;

/** From sealed slabs to settled batches. The same code in the worker and on the loop. */
export class ExportLoop {
  readonly #options: ExportLoopOptions;
  readonly #lanes: ReadonlyMap<Lane, Consumers>;
  /** Waiting, by age. */
  readonly #own: OwnBatch[] = [];
  /** Own batches that are not settled. */
  readonly #unsettled = new Set<number>();
  readonly #flushes = new Set<Flush>();
  readonly #abort = new AbortController();
  #cancelTimer = (): void => {};
  #stopping = false;
  readonly #sentBytes = new Map<Lane, number>();

  constructor(options: ExportLoopOptions) {
    this.#options = options;
    const { lanes } = options;
    this.#lanes = new Map(
      [...new Set(Object.values(lanes))].map((lane) => [
        lane,
        createConsumers({
          take: (signal) => (lane.signals.includes(signal) ? this.#take(signal) : undefined),
          sender: lane.sender,
          signal: this.#abort.signal,
          settled: (batch, outcome) => void this.#settle(batch as Work, outcome, lane),
          limit: () => lane.limit(),
          waiting: () => lane.waiting(),
        }),
      ]),
    );
  }

  /** Takes a batch that is not in slabs. */
  offer(batch: OwnBatch): void {
    this.#own.push(batch);
    this.#unsettled.add(batch.id);
    this.poke();
  }

  /** Looks for work: to be called when something was opened or sealed. Never throws. */
  poke(): void {
    try {
      this.#poke();
    } catch (error) {
      // A bug of ours must not end the process whose telemetry this is.
      this.#options.onError(error);
    }
  }

  #poke(): void {
    const { reader, lingerMs, clock } = this.#options;
    const overflow = this.#options.overflow();
    this.#cancelTimer();
    let nextMs = reader.sealIdle((signal) => this.#canGo(signal)) ?? Number.POSITIVE_INFINITY;
    for (const [lane, consumers] of this.#lanes) {
      if (overflow?.wants(lane) === true) this.#spill(lane);
      else consumers.wake();
    }
    for (const signal of signals) {
      const { slabs, ageMs } = reader.waiting(signal);
      if (slabs > 0 && ageMs < lingerMs) nextMs = Math.min(nextMs, Math.max(1, lingerMs - ageMs));
    }
    this.#settleFlushes();
    if (this.#flushes.size > 0) nextMs = Math.min(nextMs, FLUSH_CHECK_MS);
    if (nextMs !== Number.POSITIVE_INFINITY) {
      this.#cancelTimer = clock.after(nextMs, () => this.poke());
    }
  }

  /** Resolves when everything before the marks is settled. What is flushed does not linger. */
  flush(marks: Marks): Promise<void> {
    return new Promise((done) => {
      this.#flushes.add({ marks, done });
      this.poke();
    });
  }

  /** What a lane is doing. */
  load(lane: Lane): Load {
    const { reader } = this.#options;
    let queued = 0;
    for (const { signal } of this.#own) if (lane.signals.includes(signal)) queued += 1;
    for (const signal of lane.signals) {
      if (this.#isDue(signal)) queued += reader.waiting(signal).slabs;
    }
    return {
      queued,
      inFlight: this.#lanes.get(lane)?.inFlight() ?? 0,
      limit: lane.limit(),
      sentBytes: this.#sentBytes.get(lane) ?? 0,
    };
  }

  /**
   * Sends what is there until `signal` aborts, and gives the rest to the overflow or settles it as `aborted`. Nothing
   * may be appended or offered after it.
   */
  async drain(marks: Marks, signal: AbortSignal): Promise<void> {
    const stop = (): void => {
      this.#abort.abort();
      this.poke();
    };
    // 1. No batch waits for another try: it would hold up all behind it.
    this.#stopping = true;
    for (const lane of this.#lanes.keys()) lane.stopWaiting();
    // 2. Drain. At the deadline what is left goes to disk or is counted, at once, for a send is over when aborted.
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) this.#abort.abort();
    await this.flush(marks);
    signal.removeEventListener('abort', stop);
    this.#cancelTimer();
  }

  #take(signal: Signal): Work | undefined {
    const own = this.#takeOwn(signal);
    if (own !== undefined) return own;
    if (!this.#isDue(signal)) return undefined;
    return this.#takeSlabs(signal);
  }

  #takeOwn(signal: Signal): OwnBatch | undefined {
    const at = this.#own.findIndex((batch) => batch.signal === signal);
    const [batch] = at < 0 ? [] : this.#own.splice(at, 1);
    if (batch !== undefined) this.#options.onTaken(batch.id);
    return batch;
  }

  #takeSlabs(signal: Signal): SlabBatch | undefined {
    const batch = this.#options.reader.take(signal, this.#targetBytes(this.#options.lanes[signal]));
    if (batch !== undefined) this.#options.onHanded(signal, batch.firstTaken);
    return batch;
  }

  /** To the lane, or to disk. */
  #canGo(signal: Signal): boolean {
    const { lanes, overflow, reader } = this.#options;
    const lane = lanes[signal];
    if (lane === undefined || overflow()?.wants(lane) === true) return true;
    const consumers = this.#lanes.get(lane);
    if (consumers === undefined || consumers.hasPlace(signal)) return true;
    // Past those that wait for a retry too, but not with slabs that would soon be all of a small memory.
    return consumers.hasRoom(signal) && reader.usedShare() < SPARE_SHARE;
  }

  #targetBytes(lane: Lane | undefined): number {
    return Math.min(this.#options.targetBytes, lane?.maxBytes() ?? Infinity);
  }

  /** A request costs nearly the same for one slab as for four: while one is under way the next fills up. */
  #isDue(signal: Signal): boolean {
    const { reader, lanes, lingerMs } = this.#options;
    const lane = lanes[signal];
    const idle = lane === undefined || this.#lanes.get(lane)?.inFlight(signal) === 0;
    if (idle || this.#flushes.size > 0) return true;
    const { bytes, ageMs } = reader.waiting(signal);
    return bytes >= this.#targetBytes(lane) || ageMs >= lingerMs;
  }

  /** Everything of the lane to the overflow; what that does not take waits for the lane after all. */
  #spill(lane: Lane): void {
    for (const signal of lane.signals) {
      const batch = this.#takeOwn(signal) ?? this.#takeSlabs(signal);
      if (batch !== undefined) void this.#overflow(batch, lane);
    }
  }

  async #overflow(batch: Work, lane: Lane): Promise<void> {
    if ((await this.#options.overflow()?.take(batch)) === true) {
      this.#finish(batch, { kind: 'spooled' });
    } else this.#waitAgain(batch, lane);
  }

  #waitAgain(batch: Work, lane: Lane): void {
    if (isOwn(batch)) this.#own.unshift(batch);
    else this.#options.reader.putBack(batch);
    this.#lanes.get(lane)?.wake();
  }

  async #settle(batch: Work, outcome: Outcome, lane: Lane): Promise<void> {
    if (outcome.kind !== 'retry') return this.#finish(batch, outcome);
    const overflow = this.#options.overflow();
    // While the disk takes its time the lane may close.
    const isGivenBack = overflow !== undefined && lane.isOpen();
    const isSpooled = (await overflow?.take(batch)) === true;
    if (!isSpooled && this.#stopping) return this.#finish(batch, { kind: 'aborted' });
    if (!isSpooled && !isGivenBack) return this.#finish(batch, outcome);
    const { signal, items } = batch;
    if (mayHaveArrived(outcome.reason)) this.#options.onDoubtful(signal, items);
    if (isSpooled) return this.#finish(batch, { kind: 'spooled' });
    // The lane gave it back for the disk, which then refused it: it has not had its time yet.
    this.#waitAgain(batch, lane);
  }

  #finish(batch: Work, settled: Settled): void {
    if (isOwn(batch)) this.#unsettled.delete(batch.id);
    else this.#options.reader.release(batch);
    if (settled.kind === 'accepted' || settled.kind === 'partial') this.#sent(batch);
    this.#options.onSettled(batch, settled, isOwn(batch) ? batch.id : undefined);
    // The consumers that called look for more themselves; what a flush waits for they do not know.
    queueMicrotask(() => this.poke());
  }

  #sent({ signal, bytes }: Work): void {
    const lane = this.#options.lanes[signal];
    if (lane !== undefined) this.#sentBytes.set(lane, (this.#sentBytes.get(lane) ?? 0) + bytes);
  }

  #settleFlushes(): void {
    for (const flush of this.#flushes) {
      const { traces, metrics, logs } = this.#options.reader.pending(flush.marks.sequence);
      if (traces + metrics + logs > 0) continue;
      if ([...this.#unsettled].some((id) => id < flush.marks.own)) continue;
      this.#flushes.delete(flush);
      flush.done();
    }
  }
}
