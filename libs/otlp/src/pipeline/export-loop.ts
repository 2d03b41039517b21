import { createSendQueue, goesInOrder } from '../layers/send-queue.js';
import type { SendQueue } from '../layers/send-queue.js';
import { mayHaveArrived } from '../layers/fault.js';
import type { Outcome } from '../send/outcome.js';
import type { Batch, Clock } from '../send/sender.js';
import { SIGNALS, type Signal } from '../wire/model.js';
import type { SlabBatch, SlabReader } from '../slab/slab-reader.js';
import type { Load } from '../spool/replay-pace.js';
import { Flushes } from './flushes.js';
import type { Exporter, Overflow } from './exporter.js';
import { isHeapBatch, HeapQueue } from './heap-queue.js';
import type { HeapBatch } from './heap-queue.js';
import { Spilling } from './spilling.js';
import type { FlushMark } from './worker-messages.js';

type Left = { readonly kind: 'aborted' } | { readonly kind: 'unknown' };
/**
 * The end of a batch. One that is left at the deadline of a shutdown is `aborted`, or `unknown` if the collector may have
 * it.
 */
export type Settled = Outcome | { readonly kind: 'spooled' } | Left;

interface ExportLoopOptions {
  readonly reader: SlabReader;
  /** A signal that is not exported has none. Signals that go to one collector share one. */
  readonly exporters: Readonly<Partial<Record<Signal, Exporter>>>;
  /** Asked for each batch, since a disk may take a while to open. */
  readonly overflow: () => Overflow | undefined;
  /** How many bytes a request should have, before compression. */
  readonly targetBytes: number;
  /** How long a slab may wait for others to fill its request, from its opening on. */
  readonly lingerMs: number;
  /** Items that leave the queue for the first time. */
  readonly onHanded: (signal: Signal, items: number) => void;
  /** A heap batch leaves the queue. */
  readonly onTaken: (id: number) => void;
  /** Items that are sent again although the collector may have them. */
  readonly onDoubtful: (signal: Signal, items: number) => void;
  /** Called once for each batch, in the turn in which its memory is given back. `id` is that of a heap batch. */
  readonly onSettled: (batch: Batch, settled: Settled, id: number | undefined) => void;
  /** Gets the errors of bugs of ours. */
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
}

type Work = SlabBatch | HeapBatch;

/** How often a flush looks at slabs, which the other thread may be moving. */
const FLUSH_CHECK_MS = 20;

/** If batches wait for a retry, slabs are sealed early only while less than this share of the memory is used. */
const SPARE_SHARE = 0.25;

/** Takes sealed slabs and heap batches, hands them to exporters or to disk, and settles them. */
export class ExportLoop {
  readonly #options: ExportLoopOptions;
  readonly #queues: ReadonlyMap<Exporter, SendQueue>;
  readonly #heap = new HeapQueue();
  readonly #flushes = new Flushes();
  readonly #spilling: Spilling;
  readonly #abort = new AbortController();
  #cancelTimer = (): void => {};
  #stopping = false;
  readonly #sentBytes = new Map<Exporter, number>();

  constructor(options: ExportLoopOptions) {
    this.#options = options;
    this.#spilling = new Spilling(options.onError);
    this.#queues = new Map(
      [...new Set(Object.values(options.exporters))].map((exporter) => [
        exporter,
        createSendQueue({
          take: (signal) =>
            exporter.signals.includes(signal) ? this.#take(signal, exporter) : undefined,
          sender: exporter.sender,
          signal: this.#abort.signal,
          settled: (batch, outcome) => this.#settle(batch as Work, outcome, exporter),
          limit: () => exporter.limit(),
          waiting: () => exporter.waiting(),
        }),
      ]),
    );
  }

  /** Takes a batch that is not in slabs. */
  offer(batch: HeapBatch): void {
    this.#heap.add(batch);
    this.poke();
  }

  /** Looks for work. Called whenever a slab was opened or sealed. Never throws. */
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
    for (const [exporter, queue] of this.#queues) {
      for (const signal of exporter.signals) {
        if (overflow?.wants(exporter, signal) === true) this.#spill(signal, exporter, queue);
      }
      queue.wake();
    }
    for (const signal of SIGNALS) {
      const { slabs, ageMs } = reader.waiting(signal);
      if (slabs > 0 && ageMs < lingerMs) nextMs = Math.min(nextMs, Math.max(1, lingerMs - ageMs));
    }
    this.#settleFlushes();
    if (this.#flushes.size > 0) nextMs = Math.min(nextMs, FLUSH_CHECK_MS);
    if (nextMs !== Number.POSITIVE_INFINITY) {
      this.#cancelTimer = clock.after(nextMs, () => this.poke());
    }
  }

  /**
   * Resolves when everything before the mark is settled. Batches for a collector that never answered and cannot be
   * reached are not waited for. Slabs do not wait for others while a flush goes on.
   */
  flush(mark: FlushMark): Promise<void> {
    const flushed = this.#flushes.add(mark, this.#queues.keys());
    this.poke();
    return flushed;
  }

  /** The present load of an exporter. */
  load(exporter: Exporter): Load {
    const { reader } = this.#options;
    let queued = this.#heap.count(exporter.signals);
    for (const signal of exporter.signals) {
      if (this.#isDue(signal)) queued += reader.waiting(signal).slabs;
    }
    return {
      queued,
      inFlight: this.#queues.get(exporter)?.inFlight() ?? 0,
      limit: exporter.limit(),
      sentBytes: this.#sentBytes.get(exporter) ?? 0,
    };
  }

  /**
   * Sends all batches until `signal` aborts, and gives the rest to the overflow or settles it as `aborted`. Nothing
   * may be appended or offered after it.
   */
  async drain(mark: FlushMark, signal: AbortSignal): Promise<void> {
    const stop = (): void => {
      this.#abort.abort();
      this.poke();
    };
    // 1. No batch waits for a retry, since it would hold up all others. There is one exception: a collector that took
    //    something before may be restarting, so its batches wait if no disk can keep them.
    this.#stopping = true;
    const keeps = (): boolean => this.#options.overflow() !== undefined;
    for (const exporter of this.#queues.keys()) exporter.stopWaiting(keeps);
    // 2. Drain. The deadline aborts all sends, and what is left goes to disk or is counted at once.
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) this.#abort.abort();
    await this.flush(mark);
    signal.removeEventListener('abort', stop);
    this.#cancelTimer();
  }

  #take(signal: Signal, exporter: Exporter): Work | undefined {
    if (this.#mustWait(signal, exporter)) return undefined;
    const heap = this.#takeHeap(signal);
    if (heap !== undefined) return heap;
    return this.#isDue(signal) ? this.#takeSlabs(signal) : undefined;
  }

  /** True if the batch is to go to disk, or has to stay behind others of a signal that goes in order. */
  #mustWait(signal: Signal, exporter: Exporter): boolean {
    const overflow = this.#options.overflow();
    if (overflow?.wants(exporter, signal) === true) return true;
    if (!goesInOrder(signal)) return false;
    const isBehind = !this.#stopping && overflow?.isBehind(exporter, signal) === true;
    return isBehind || this.#spilling.isOrdered;
  }

  #takeHeap(signal: Signal): HeapBatch | undefined {
    const batch = this.#heap.take(signal);
    if (batch) this.#options.onTaken(batch.id);
    return batch;
  }

  #takeSlabs(signal: Signal): SlabBatch | undefined {
    const batch = this.#options.reader.take(signal, this.#targetBytes(signal));
    if (batch !== undefined) this.#options.onHanded(signal, batch.firstTaken);
    return batch;
  }

  /** True if a batch of the signal could leave now, to the exporter or to disk. */
  #canGo(signal: Signal): boolean {
    const { exporters, overflow, reader } = this.#options;
    const exporter = exporters[signal];
    if (exporter === undefined || overflow()?.wants(exporter, signal) === true) return true;
    const queue = this.#queues.get(exporter);
    if (queue === undefined || queue.hasSlot(signal)) return true;
    // Batches that wait for a retry leave room for others, but those must not fill a small memory.
    return queue.hasRoom(signal) && reader.usedShare() < SPARE_SHARE;
  }

  #targetBytes(signal: Signal): number {
    const { exporters, targetBytes } = this.#options;
    return Math.min(targetBytes, exporters[signal]?.maxBytes() ?? Infinity);
  }

  /** While a request is under way the next one fills up, since one slab costs nearly as much as four. */
  #isDue(signal: Signal): boolean {
    const { reader, exporters, lingerMs } = this.#options;
    const exporter = exporters[signal];
    const idle = exporter === undefined || this.#queues.get(exporter)?.inFlight(signal) === 0;
    if (idle || this.#flushes.size > 0) return true;
    const { bytes, ageMs } = reader.waiting(signal);
    return bytes >= this.#targetBytes(signal) || ageMs >= lingerMs;
  }

  /** Hands the next batch of the signal to the overflow. A batch that it does not take waits for the exporter. */
  #spill(signal: Signal, exporter: Exporter, queue: SendQueue): void {
    // Batches in flight are older, and may still go to disk.
    const isBehind = this.#spilling.isOrdered || queue.inFlight(signal) > 0;
    if (goesInOrder(signal) && isBehind) return;
    const batch = this.#takeHeap(signal) ?? this.#takeSlabs(signal);
    if (batch === undefined) return;
    this.#toDisk(batch, (isTaken) => {
      if (isTaken) this.#finish(batch, { kind: 'spooled' });
      else this.#waitAgain(batch, exporter);
    });
  }

  /** Tells whether the overflow took the batch. */
  #toDisk(batch: Work, told: (isTaken: boolean) => void): void {
    void this.#spilling.take(batch, this.#options.overflow(), told);
  }

  #waitAgain(batch: Work, exporter: Exporter): void {
    if (isHeapBatch(batch)) this.#heap.putBack(batch);
    else this.#options.reader.putBack(batch);
    this.#queues.get(exporter)?.wake();
  }

  #settle(batch: Work, outcome: Outcome, exporter: Exporter): void {
    if (outcome.kind !== 'retry') return this.#finish(batch, outcome);
    // Asked before the disk is, since the breaker may close meanwhile.
    const isGivenBack = this.#options.overflow() !== undefined && exporter.isOpen();
    this.#toDisk(batch, (isSpooled) => {
      const isDoubtful = mayHaveArrived(outcome.reason);
      const left: Left = { kind: isDoubtful ? 'unknown' : 'aborted' };
      if (!isSpooled && this.#stopping) return this.#finish(batch, left);
      if (!isSpooled && !isGivenBack) return this.#finish(batch, outcome);
      if (isDoubtful) this.#options.onDoubtful(batch.signal, batch.items);
      if (isSpooled) return this.#finish(batch, { kind: 'spooled' });
      // The exporter gave the batch back only for the disk, which refused it. So it is sent again.
      this.#waitAgain(batch, exporter);
    });
  }

  #finish(batch: Work, settled: Settled): void {
    if (isHeapBatch(batch)) this.#heap.settled(batch);
    else this.#options.reader.release(batch);
    if (settled.kind === 'accepted' || settled.kind === 'partial') this.#sent(batch);
    this.#options.onSettled(batch, settled, isHeapBatch(batch) ? batch.id : undefined);
    // The send queue looks for the next batch itself, but a flush may wait for this one.
    queueMicrotask(() => this.poke());
  }

  #sent({ signal, bytes }: Work): void {
    const exporter = this.#options.exporters[signal];
    if (exporter === undefined) return;
    this.#sentBytes.set(exporter, (this.#sentBytes.get(exporter) ?? 0) + bytes);
  }

  #settleFlushes(): void {
    if (this.#flushes.size === 0) return;
    const { reader } = this.#options;
    this.#flushes.settle(
      ({ sequence, heap }) => {
        const { traces, metrics, logs } = reader.pending(sequence);
        return traces + metrics + logs === 0 && this.#heap.isSettledBefore(heap);
      },
      (exporter) => this.#isIdle(exporter),
    );
  }

  /** True if nothing is in flight or queued for the exporter. Always false in a drain, which waits for everything. */
  #isIdle(exporter: Exporter): boolean {
    if (this.#stopping || !this.#spilling.isIdle) return false;
    const inFlight = this.#queues.get(exporter)?.inFlight() ?? 0;
    if (exporter.isNobodyThere()) return inFlight === exporter.waiting();
    return inFlight === 0 && this.load(exporter).queued === 0;
  }
}
