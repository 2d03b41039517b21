import { mayHaveArrived } from '../layers/fault.js';
import type { LedgerWriter } from '../ledger/ledger-writer.js';
import { settle } from '../ledger/settle.js';
import { goesInOrder } from '../layers/send-queue.js';
import type { Batch } from '../send/sender.js';
import type { Signal } from '../wire/model.js';
import type { SlabPool } from '../slab/slab-pool.js';
import type { ItemCounts } from '../send/item-counts.js';
import type { SpoolStats } from '../spool/counts.js';
import { openSpool, remedyOf } from '../spool/open-spool.js';
import type { Load } from '../spool/replay-pace.js';
import { Replayer } from '../spool/replayer.js';
import type { Spool, SpoolEvent, Succession } from '../spool/spool.js';
import type { Exporter, Exporters, Overflow } from './exporter.js';
import type { SpoolSettings } from './pipeline-options.js';
import { SpoolLedger } from './spool-ledger.js';

interface DiskOverflowOptions {
  readonly settings: SpoolSettings;
  readonly pool: SlabPool;
  readonly exporters: Exporters;
  readonly ledger: LedgerWriter;
  readonly load: (exporter: Exporter) => Load;
  readonly warn: (cause: string, message: string) => void;
  readonly succession: Succession;
  /** Items that the ledger has as spooled by earlier workers. */
  readonly inherited: ItemCounts;
  /** Something that was on disk is done with, or there may be room for another. */
  readonly onSettled: () => void;
}

/** The replay of some signals of an exporter. */
interface Replay {
  readonly exporter: Exporter;
  readonly signals: readonly Signal[];
  readonly replayer: Replayer;
}

/** Above this share of the memory waiting batches go to disk, so that new items have room. */
const HIGH_WATER = 0.5;

/** Bytes on the heap of all replays together. */
const MAX_REPLAYED_BYTES = 8 * 1024 * 1024;

/** A broken disk that gives nothing for so long holds up batches in memory no more. */
const PATIENCE_MS = 30_000;

/** After a refusal nothing is offered for so long, unless memory has no other place. */
const REST_MS = 1000;

/** The spool as the worker uses it, and the replay of its records. */
export class DiskOverflow implements Overflow {
  readonly #options: DiskOverflowOptions;
  readonly #spool: Spool;
  /** One for each exporter, since a broken one holds up no other, and one more for signals that go in order. */
  readonly #replays: readonly Replay[];
  #refusedAt = -Infinity;
  /** When a record of a signal that goes in order was answered last. */
  #answeredAt = performance.now();

  /** Undefined, after a warning, where the directory cannot be used: batches then stay in memory. */
  static async open(options: DiskOverflowOptions): Promise<DiskOverflow | undefined> {
    const { settings, warn, ledger, succession, inherited } = options;
    const counts = new SpoolLedger(ledger, inherited);
    function onEvent(event: SpoolEvent): void {
      counts.hear(event);
      tell(event, warn);
    }
    const opened = await openSpool({ ...settings, succession, onEvent });
    if (opened.kind === 'open') return new DiskOverflow(options, opened.spool);
    warn('spool', opened.message);
    return undefined;
  }

  private constructor(options: DiskOverflowOptions, spool: Spool) {
    this.#options = options;
    this.#spool = spool;
    const { all } = options.exporters;
    const groups = all.flatMap((exporter) =>
      [true, false].map((inOrder) => ({
        exporter,
        signals: exporter.signals.filter((signal) => goesInOrder(signal) === inOrder),
        inOrder,
      })),
    );
    const used = groups.filter(({ signals }) => signals.length > 0);
    this.#replays = used.map(({ exporter, signals, inOrder }) => {
      const replayer = this.#replay(exporter, signals, inOrder, MAX_REPLAYED_BYTES / used.length);
      return { exporter, signals, replayer };
    });
  }

  wants(exporter: Exporter, signal: Signal): boolean {
    if (this.#spool.state().kind !== 'healthy') return false;
    // Or the same batch would go to and fro between memory and disk.
    if (performance.now() - this.#refusedAt < REST_MS) return false;
    const { settings, pool } = this.#options;
    if (settings.durable === 'always' || exporter.isOpen()) return true;
    // The batch goes behind those on disk.
    if (goesInOrder(signal) && this.#spool.holds(signal)) return true;
    return pool.used() > pool.count * HIGH_WATER;
  }

  isBehind(_exporter: Exporter, signal: Signal): boolean {
    if (!this.#spool.holds(signal)) return false;
    const isWell = this.#spool.state().kind === 'healthy';
    return isWell || performance.now() - this.#answeredAt < PATIENCE_MS;
  }

  async take(batch: Batch): Promise<boolean> {
    const appended = await this.#spool.append(batch);
    if (appended.kind !== 'spooled') {
      this.#refusedAt = performance.now();
      return false;
    }
    this.#options.ledger.spooled(batch.signal, batch.items);
    for (const { signals, replayer } of this.#replays) {
      if (signals.includes(batch.signal)) replayer.wake();
    }
    return true;
  }

  stats(): SpoolStats {
    return this.#spool.stats();
  }

  /** Resolves when the records on disk are sent, or cannot be sent now. */
  async deliver(): Promise<void> {
    await Promise.all(this.#replays.map(({ replayer }) => replayer.flush()));
  }

  /** Before the exporters are closed: what is being replayed goes back. Ends `deliver`. Default: of all signals. */
  async stopReplay(which: (signal: Signal) => boolean = () => true): Promise<void> {
    const stopped = this.#replays.filter(({ signals }) => signals.every(which));
    await Promise.all(stopped.map(({ replayer }) => replayer.stop()));
  }

  /** Resolves when all records are on the disk. */
  async close(): Promise<void> {
    await this.stopReplay();
    await this.#spool.fsync();
    await this.#spool.close();
  }

  /** Records of a signal that no collector is named for any more wait for another process. */
  #replay(
    exporter: Exporter,
    signals: readonly Signal[],
    inOrder: boolean,
    maxBytes: number,
  ): Replayer {
    const { load, ledger, onSettled } = this.#options;
    return new Replayer(this.#spool, exporter.once, {
      signals,
      inOrder,
      load: () => load(exporter),
      paused: () => exporter.isOpen(),
      maxBytes,
      onOutcome: ({ signal, items, isDoubtful: isInherited = false }, outcome, isDoubtful) => {
        if (inOrder) {
          this.#answeredAt = performance.now();
          // Once it is acknowledged.
          queueMicrotask(onSettled);
        }
        if (outcome.kind !== 'retry') {
          // Told here, since the ledger of the process that may have sent it ended with that process.
          if (isInherited) ledger.possiblyDuplicated(signal, items);
          ledger.unspooled(signal, items);
          settle(ledger, { signal, items, outcome });
        } else if (!isDoubtful && !isInherited && mayHaveArrived(outcome.reason)) {
          // Now: whoever sends it again may be a later process, which cannot know.
          ledger.possiblyDuplicated(signal, items);
        }
      },
    });
  }
}

function failedText({ path, code }: Extract<SpoolEvent, { kind: 'failed' }>): string {
  const text = `the spool at ${path} cannot be written (${code})`;
  const remedy = remedyOf(code);
  return remedy === undefined ? text : `${text}: ${remedy} Telemetry stays in memory until then.`;
}

function tell(event: SpoolEvent, warn: DiskOverflowOptions['warn']): void {
  switch (event.kind) {
    case 'failed':
      return warn('spool', failedText(event));
    case 'healed':
      return warn('spool_healed', `the spool at ${event.path} works again`);
    case 'evicted':
    case 'expired':
    case 'corrupt':
      return warn(`spool_${event.kind}`, `the spool at ${event.path} lost batches: ${event.kind}`);
    case 'adopted':
    case 'repeated':
    case 'searched':
  }
}
