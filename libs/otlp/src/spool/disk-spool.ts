import { join } from 'node:path';
import type { Outcome } from '../send/outcome.js';
import { Debounced } from '../send/debounced.js';
import type { Batch } from '../send/sender.js';
import { SIGNALS, type Signal } from '../wire/model.js';
import { AbandonedSpools } from './abandoned-spools.js';
import { hasItems } from '../send/item-counts.js';
import type { SpoolStats } from './counts.js';
import { codeOf } from './disk.js';
import { DiskHealth, tryWriting } from './disk-health.js';
import { thisOwner, type Owner } from './ownership.js';
import { recordBytes, SEGMENT_HEADER_BYTES } from './segment-format.js';
import type { LeasedRecord } from './segment-record.js';
import { SegmentWriters, type SegmentWriter } from './segment-writer.js';
import type { SpoolContext } from './spool-context.js';
import { SpoolDirectory } from './spool-directory.js';
import type { Appended, Spool, SpooledRecord, SpoolState, Succession } from './spool.js';

const HOUSEKEEPING_MS = 10_000;
const ACKNOWLEDGE_MS = 500;
const STUCK_MS = 5000;
const OPEN_BUDGET_MS = 1000;

/** The spool that `openSpool` returns. */
export class DiskSpool implements Spool {
  readonly #context: SpoolContext;
  readonly #root: string;
  readonly #us: Owner;
  readonly #abandoned: AbandonedSpools;
  readonly #health: DiskHealth;
  readonly #syncing: Debounced;
  readonly #housekeeping: Debounced;
  #own: { readonly directory: SpoolDirectory; readonly writers: SegmentWriters } | undefined;
  #asked: Promise<boolean> = Promise.resolve(true);
  #persisting: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(context: SpoolContext, root: string, succession?: Succession) {
    this.#context = context;
    this.#root = root;
    this.#us = thisOwner(succession?.token);
    this.#abandoned = new AbandonedSpools(context, root, this.#us, succession?.gone ?? []);
    this.#health = new DiskHealth(context, root, (bytes) => this.#try(bytes));
    const { clock, options } = context;
    const { fsyncIntervalMs: ms } = options;
    // The other half is for the fsync itself, which may be slow.
    this.#syncing = new Debounced(clock, (ms === 'always' ? ACKNOWLEDGE_MS : ms) / 2, () =>
      this.#fsyncLater(),
    );
    this.#housekeeping = new Debounced(clock, HOUSEKEEPING_MS, () => this.#keepHouse());
  }

  /** Throws the errors of the disk. */
  async open(): Promise<void> {
    this.#housekeeping.ask();
    await this.#settleIn();
    await this.#adopt();
  }

  readonly failed = (code: string): void => this.#health.fail(code, 0);

  async append(batch: Batch): Promise<Appended> {
    const writer = this.#admit(batch);
    if ('kind' in writer) return writer;
    const appended = await writer.append(batch);
    this.#syncing.ask();
    return appended;
  }

  async take(signals: readonly Signal[] = SIGNALS): Promise<SpooledRecord | undefined> {
    if (this.#closing !== undefined) return undefined;
    for (const directory of this.#nextFirst(signals)) {
      const record = await directory.lease(signals);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  acknowledge(record: SpooledRecord, outcome: Outcome): void {
    (record as LeasedRecord).settle(outcome);
    this.#syncing.ask();
  }

  resetBackoff(signals: readonly Signal[] = SIGNALS): void {
    for (const directory of this.#directories()) directory.resetBackoff(signals);
  }

  wakeOne(signals: readonly Signal[] = SIGNALS): boolean {
    return this.#oldestFirst().some((directory) => directory.wakeOne(signals));
  }

  fsync(): Promise<boolean> {
    this.#asked = this.#asked.then(() => this.#fsync());
    return this.#asked;
  }

  holds(signal: Signal): boolean {
    return this.#context.counts.held[signal] > 0;
  }

  stats(): SpoolStats {
    const counts = this.#context.counts.snapshot();
    const directories = this.#directories();
    const firstMs = Math.min(...directories.map((directory) => directory.firstMs));
    return {
      ...counts,
      segments: directories.reduce((sum, { size }) => sum + size, 0),
      oldestMs: hasItems(counts.held) ? Math.max(0, this.#context.unixMs() - firstMs) : 0,
    };
  }

  state(): SpoolState {
    return this.#health.state;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Makes room for the batch and returns its writer, or the reason why the batch cannot be kept. */
  #admit(batch: Batch): SegmentWriter | Exclude<Appended, { kind: 'spooled' }> {
    if (this.#closing !== undefined) return { kind: 'failed', code: 'ECLOSED' };
    const { state } = this.#health;
    const writers = this.#own?.writers;
    if (state.kind === 'failed') return { kind: 'failed', code: state.code };
    if (writers === undefined) return { kind: 'failed', code: 'EAGAIN' };
    if (writers.stuckMs > STUCK_MS) {
      this.#health.fail('ETIMEDOUT', 0);
      return { kind: 'failed', code: 'ETIMEDOUT' };
    }
    const bytes = recordBytes(batch) + SEGMENT_HEADER_BYTES;
    if (!this.#makeRoom(writers.waitingBytes + bytes)) return { kind: 'full' };
    return writers.of(batch.signal);
  }

  #makeRoom(bytes: number): boolean {
    const { counts, options } = this.#context;
    if (bytes > options.maxBytes) return false;
    while (counts.bytes + bytes > options.maxBytes) {
      if (this.#oldestFirst().some((directory) => directory.evictOldest())) continue;
      // All the rest is being written to, for one signal or another.
      if (this.#own?.writers.retireIdle() !== true) return false;
    }
    return true;
  }

  #directories(): readonly SpoolDirectory[] {
    const { directories } = this.#abandoned;
    return this.#own === undefined ? directories : [...directories, this.#own.directory];
  }

  #oldestFirst(): readonly SpoolDirectory[] {
    const directories = this.#directories();
    if (directories.length < 2) return directories;
    return directories.toSorted((a, b) => a.firstMs - b.firstMs);
  }

  /** Directories, sorted by the age of the next record of these signals. */
  #nextFirst(signals: readonly Signal[]): readonly SpoolDirectory[] {
    const directories = this.#directories();
    if (directories.length < 2) return directories;
    return directories
      .map((directory) => ({ directory, ms: directory.nextMs(signals) ?? Infinity }))
      .toSorted((a, b) => a.ms - b.ms || 0)
      .map(({ directory }) => directory);
  }

  /** Makes the directory of this process. */
  async #settleIn(): Promise<void> {
    const directory = await SpoolDirectory.create(this.#context, this.#root, this.#us);
    const writers = new SegmentWriters(this.#context, directory, {
      onFailure: (code, bytes) => this.#health.fail(code, bytes),
      // Segments that were evicted for a batch are off the disk before that batch comes onto it.
      makeRoom: () => this.#deletePending(),
    });
    this.#own = { directory, writers };
  }

  async #deletePending(): Promise<void> {
    for (const directory of this.#directories()) await directory.deletePending();
  }

  async #adopt(): Promise<void> {
    const untilMs = this.#context.clock.now() + OPEN_BUDGET_MS;
    const more = await this.#abandoned.adopt(this.#own?.directory.path, untilMs);
    this.#makeRoom(0);
    if (more) this.#syncing.ask();
  }

  /** Repeats the operation that failed. */
  async #try(bytes: number): Promise<void> {
    if (this.#own === undefined) await this.#settleIn();
    const own = this.#own;
    if (own === undefined || this.#closing !== undefined) return;
    await tryWriting(this.#context.disk, join(own.directory.path, 'probe'), bytes);
    await own.writers.fsync();
    await own.directory.persist();
  }

  async #fsyncLater(): Promise<void> {
    this.#own?.writers.retireIfConsumed();
    await this.#attempt(() => this.#own?.writers.fsync());
    // Records wait for no cursor.
    this.#persisting = this.#persist().then(() => this.#abandoned.closeEmpty());
  }

  async #fsync(): Promise<boolean> {
    return (await this.#attempt(() => this.#own?.writers.fsync())) && this.#persist();
  }

  async #persist(): Promise<boolean> {
    const persisted = await this.#attempt(async () => {
      for (const directory of this.#directories()) await directory.persist();
    });
    return persisted && this.#own?.directory.isUnsure === false;
  }

  async #attempt(run: () => Promise<void> | undefined): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      this.#health.fail(codeOf(error), 0);
      return false;
    }
  }

  async #keepHouse(): Promise<void> {
    for (const directory of this.#directories()) directory.expire();
    for (const directory of this.#directories()) await this.#touch(directory);
    await this.#adopt().catch(() => undefined);
    this.#syncing.ask();
    this.#housekeeping.ask();
  }

  /** Touches the lock for processes that cannot see this one, and finds out if one of them took the directory over. */
  async #touch(directory: SpoolDirectory): Promise<void> {
    try {
      await directory.touch();
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') return;
      directory.disown();
      if (this.#own?.directory === directory) {
        this.#own = undefined;
        this.#health.fail('ELOCKLOST', 0);
      } else this.#abandoned.forget(directory);
    }
  }

  async #close(): Promise<void> {
    this.#health.close();
    await this.#housekeeping.stop();
    await this.#syncing.stop();
    await this.#asked;
    await this.#persisting;
    await this.#own?.writers.close();
    for (const directory of this.#directories()) await directory.close();
  }
}
