import { openLedger } from '../ledger/ledger.js';
import type { LedgerSnapshot } from '../ledger/ledger.js';
import type { LedgerWriter } from '../ledger/ledger-writer.js';
import { settle } from '../ledger/settle.js';
import type { Batch, Clock } from '../send/sender.js';
import { systemClock } from '../send/sender.js';
import type { SlabMemory } from '../slab/memory.js';
import { SlabPool } from '../slab/slab-pool.js';
import { SlabReader } from '../slab/slab-reader.js';
import type { ItemCounts } from '../send/item-counts.js';
import type { Succession } from '../spool/spool.js';
import { goesInOrder } from '../layers/send-queue.js';
import { ExportLoop } from './export-loop.js';
import type { Settled } from './export-loop.js';
import type { Exporters, Overflow } from './exporter.js';
import { OpeningOverflow } from './opening-overflow.js';
import type { DiskOverflow } from './overflow.js';
import type { SendingOptions, SpoolSettings } from './pipeline-options.js';
import { WorkerPhase } from './worker-messages.js';
import type { FlushMark, FromWorker, ToWorker } from './worker-messages.js';
import { createExporters } from './stack.js';

/** The input of a worker; all of it can be cloned to another thread. */
export interface WorkerStart {
  readonly memory: SlabMemory;
  readonly ledger: SharedArrayBuffer;
  readonly sending: SendingOptions;
  /** This worker, and those of the pipeline that have ended. */
  readonly succession: Succession;
  /** One word of {@link WorkerPhase}, for whoever cannot wait for messages. */
  readonly phase: Int32Array;
}

/** While something is under way the state is told so often, if it changed. */
const STATE_EVERY_MS = 1000;

/** The consuming side, on whatever thread it is made. Works until it is told to shut down. */
export class ExportWorker {
  readonly #emit: (message: FromWorker) => void;
  readonly #clock: Clock;
  readonly #pool: SlabPool;
  readonly #reader: SlabReader;
  readonly #ledger: LedgerWriter;
  readonly #exporters: Exporters;
  readonly #loop: ExportLoop;
  readonly #phase: Int32Array;
  readonly #deadline = new AbortController();
  readonly #opening: Promise<void> | undefined;
  /** Everything goes by way of the disk. */
  readonly #isDurable: boolean;
  #overflow: Overflow | undefined;
  #disk: DiskOverflow | undefined;
  #cancelState = (): void => {};
  #told = '';
  #ended: Promise<void> | undefined;
  #closed = false;
  /** Nobody listens any more. */
  #silent = false;

  /** Throws TransportConfigError. */
  constructor(
    { memory, ledger, sending, succession, phase }: WorkerStart,
    emit: (message: FromWorker) => void,
    clock: Clock = systemClock,
  ) {
    this.#clock = clock;
    this.#phase = phase;
    this.#emit = (message) => {
      if (!this.#silent) emit(message);
    };
    this.#pool = new SlabPool(memory);
    this.#reader = new SlabReader(this.#pool, sending);
    this.#ledger = openLedger(ledger).writer('worker');
    this.#exporters = createExporters(
      sending,
      (message) => {
        if (message.kind === 'ended' && message.operation.possibleDuplicate) {
          this.#ledger.possiblyDuplicated(message.operation.signal, message.operation.items);
        }
        this.#emit(message);
      },
      (exporter) =>
        exporter.signals.some((signal) => this.#overflow?.wants(exporter, signal) === true),
      // At once: health must not look well for a second more.
      () => this.#tellState(),
    );
    this.#loop = new ExportLoop({
      reader: this.#reader,
      exporters: this.#exporters.of,
      overflow: () => this.#overflow,
      targetBytes: sending.targetBytes,
      lingerMs: sending.sealAfterMs,
      onHanded: (signal, items) => this.#ledger.handed(signal, items),
      onTaken: (id) => this.#emit({ kind: 'taken', id }),
      onDoubtful: (signal, items) => this.#ledger.possiblyDuplicated(signal, items),
      onSettled: (batch, settled, id) => this.#settled(batch, settled, id),
      onError: (error) => this.#warn('internal_error', String(error)),
      clock,
    });
    const { spool } = sending;
    this.#isDurable = spool?.durable === 'always';
    const inherited = spooledIn(openLedger(ledger).snapshot());
    if (spool !== undefined) this.#opening = this.#open(spool, succession, inherited);
    void this.#listen();
    this.#watchState();
    this.#enter(WorkerPhase.WORKING);
    this.#emit({ kind: 'ready' });
  }

  tell(message: ToWorker): void {
    switch (message.kind) {
      case 'offer':
        return this.#loop.offer(message.batch);
      case 'flush':
        void this.#flush(message.id, message.mark);
        return;
      case 'shutdown':
        void this.#shutdown(message.mark);
        return;
      case 'abort':
        return this.#deadline.abort();
      case 'headers':
        return this.#exporters.headers(message.id, message.headers);
      case 'alone':
        return this.#exporters.alone(message.headers);
    }
  }

  #enter(phase: number): void {
    Atomics.store(this.#phase, 0, phase);
    Atomics.notify(this.#phase, 0);
  }

  /** Lets go of everything at once and tells nothing more. */
  async end(): Promise<void> {
    this.#silent = true;
    this.#deadline.abort();
    await this.#shutdown({ sequence: 0, heap: 0 });
  }

  async #open(
    settings: SpoolSettings,
    succession: Succession,
    inherited: ItemCounts,
  ): Promise<void> {
    const opening = this.#openDisk({
      settings,
      pool: this.#pool,
      exporters: this.#exporters,
      ledger: this.#ledger,
      load: (exporter) => this.#loop.load(exporter),
      warn: (cause, message) => this.#warn(cause, message),
      succession,
      inherited,
      onSettled: () => this.#loop.poke(),
    }).catch((error: unknown) => {
      // A bug of ours: without a spool the batches stay in memory.
      this.#warn('spool', String(error));
      return undefined;
    });
    const waiting = new OpeningOverflow(opening, this.#clock, this.#exporters, this.#isDurable);
    this.#overflow = waiting;
    this.#disk = await opening;
    // Older batches go first: a kill must not take them and leave newer ones.
    await waiting.handedOn();
    this.#overflow = this.#disk;
    this.#loop.poke();
    this.#tellState();
  }

  /** Loads what writes to disk: few pipelines have a spool. */
  async #openDisk(
    options: Parameters<typeof DiskOverflow.open>[0],
  ): Promise<DiskOverflow | undefined> {
    const { DiskOverflow: Disk } = await import('./overflow.js');
    return Disk.open(options);
  }

  async #listen(): Promise<void> {
    while (!this.#closed) {
      const seen = this.#reader.bell();
      this.#loop.poke();
      await this.#reader.rung(seen);
    }
  }

  async #flush(id: number, mark: FlushMark): Promise<void> {
    await this.#loop.flush(mark);
    if (this.#isDurable) await this.#disk?.deliver();
    this.#emit({ kind: 'flushed', id });
  }

  #shutdown(mark: FlushMark): Promise<void> {
    return (this.#ended ??= this.#close(mark));
  }

  async #close(mark: FlushMark): Promise<void> {
    const deadline = this.#deadline.signal;
    await this.#opening;
    // 1. What is replayed goes back to disk, where it is safe: live batches have all places now. But for those that go
    //    by way of the disk themselves, and for what goes in order, behind which live batches stand.
    if (!this.#isDurable) await this.#disk?.stopReplay((signal) => !goesInOrder(signal));
    // 2. Drain; what cannot be sent goes to disk, or is counted.
    await this.#loop.drain(mark, deadline);
    // 3. What the drain put on disk is sent, until the deadline.
    await this.#deliver(deadline);
    // 4. Nothing is on its way any more: the connections can go.
    await Promise.all(this.#exporters.all.map(({ sender }) => sender.close()));
    // 5. The disk last, for all before write to it.
    await this.#disk?.close();
    this.#closed = true;
    this.#enter(WorkerPhase.CLOSED);
    this.#cancelState();
    this.#pool.ring();
    this.#tellState();
    this.#emit({ kind: 'closed' });
  }

  async #deliver(deadline: AbortSignal): Promise<void> {
    const stop = (): void => void this.#disk?.stopReplay();
    deadline.addEventListener('abort', stop, { once: true });
    if (!deadline.aborted) await this.#disk?.deliver();
    deadline.removeEventListener('abort', stop);
    await this.#disk?.stopReplay();
  }

  #settled(batch: Batch, settled: Settled, id: number | undefined): void {
    const { signal, items } = batch;
    if (settled.kind === 'aborted') this.#ledger.dropped(signal, 'shutdown_deadline', items);
    else if (settled.kind === 'unknown') this.#ledger.dropped(signal, 'outcome_unknown', items);
    else if (settled.kind !== 'spooled') {
      const isOver = settle(this.#ledger, { signal, items, outcome: settled });
      if (!isOver) this.#ledger.dropped(signal, 'export_failed', items);
    }
    if (id !== undefined) this.#emit({ kind: 'freed', id });
  }

  #warn(cause: string, message: string): void {
    this.#emit({ kind: 'warning', cause, message });
  }

  #watchState(): void {
    this.#tellState();
    if (!this.#closed) {
      this.#cancelState = this.#clock.after(STATE_EVERY_MS, () => this.#watchState());
    }
  }

  #tellState(): void {
    const exporters = this.#exporters.all.map((exporter) => exporter.state());
    const spool = this.#disk?.stats();
    const text = JSON.stringify([exporters, spool]);
    if (text === this.#told) return;
    this.#told = text;
    this.#emit({ kind: 'state', exporters, ...(spool && { spool }) });
  }
}

function spooledIn({ traces, metrics, logs }: LedgerSnapshot): ItemCounts {
  return {
    traces: traces.spooled,
    metrics: metrics.spooled,
    logs: logs.spooled,
  };
}
