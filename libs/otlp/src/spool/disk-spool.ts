import { join } from 'node:path';
import { ABORTED, BREAKER_OPEN, mayHaveArrived } from '../layers/fault.js';
import type { Outcome } from '../send/outcome.js';
import type { Batch } from '../send/sender.js';
import { SIGNALS, type Signal } from '../wire/model.js';
import type { SpoolStats } from './counts.js';
import { recordBytes } from './current.js';
import { codeOf } from './disk.js';
import { DiskHealth, tryWriting, type SpoolState } from './disk-health.js';
import { makeHome } from './homes.js';
import { countItems } from './items.js';
import type { Journal } from './journal.js';
import { lockPath } from './lock.js';
import type { Succession } from './options.js';
import { Orphans } from './orphans.js';
import { thisOwner, type Owner } from './owner.js';
import { SEGMENT_HEADER_BYTES } from './record.js';
import { Round } from './round.js';
import type { Spool, SpooledRecord } from './spool.js';
import type { Surroundings } from './surroundings.js';
import { Taken } from './taken.js';
import type { Appended, Writer } from './writer.js';
import { Writers } from './writers.js';

const HOUSEKEEPING_MS = 10_000;
const ACKNOWLEDGE_MS = 500;
const STUCK_MS = 5000;
const OPEN_BUDGET_MS = 1000;
/** Reasons of outcomes that say nothing of the record. */
const UNTRIED: ReadonlySet<string> = new Set([ABORTED, BREAKER_OPEN]);

/** Made by `openSpool`. */
export class DiskSpool implements Spool {
  readonly #around: Surroundings;
  readonly #root: string;
  readonly #us: Owner;
  readonly #orphans: Orphans;
  readonly #health: DiskHealth;
  readonly #syncs: Round;
  readonly #housekeeping: Round;
  #own: { readonly journal: Journal; readonly writers: Writers } | undefined;
  #asked: Promise<boolean> = Promise.resolve(true);
  #persisting: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(around: Surroundings, root: string, succession?: Succession) {
    this.#around = around;
    this.#root = root;
    this.#us = thisOwner(succession?.token);
    this.#orphans = new Orphans(around, root, this.#us, succession?.gone ?? []);
    this.#health = new DiskHealth(around, root, (bytes) => this.#try(bytes));
    const { clock, options } = around;
    const { fsyncIntervalMs: ms } = options;
    // Half of it is for the disk, which takes its time.
    this.#syncs = new Round(clock, (ms === 'always' ? ACKNOWLEDGE_MS : ms) / 2, () =>
      this.#syncSoon(),
    );
    this.#housekeeping = new Round(clock, HOUSEKEEPING_MS, () => this.#keepHouse());
  }

  /** Throws what the disk throws. */
  async open(): Promise<void> {
    this.#housekeeping.soon();
    await this.#settleIn();
    await this.#adopt();
  }

  readonly failed = (code: string): void => this.#health.fail(code, 0);

  async append(batch: Batch): Promise<Appended> {
    const writer = this.#admit(batch);
    if ('kind' in writer) return writer;
    const appended = await writer.append(batch);
    this.#syncs.soon();
    return appended;
  }

  async take(signals: readonly Signal[] = SIGNALS): Promise<SpooledRecord | undefined> {
    if (this.#closing !== undefined) return undefined;
    for (const journal of this.#nextFirst(signals)) {
      const entry = await journal.take(signals);
      if (entry !== undefined) return new Taken(journal, entry, this.#around.unixMs());
    }
    return undefined;
  }

  acknowledge(record: SpooledRecord, outcome: Outcome): void {
    const { journal, entry } = record as Taken;
    entry.doubtful ||= outcome.kind === 'retry' && mayHaveArrived(outcome.reason);
    const untried = outcome.kind === 'retry' && UNTRIED.has(outcome.reason);
    journal.answer(entry, outcome.kind !== 'retry' ? 'done' : untried ? 'untried' : 'failed');
    this.#syncs.soon();
  }

  pardon(signals: readonly Signal[] = SIGNALS): void {
    for (const journal of this.#journals()) journal.pardon(signals);
  }

  wakeOne(signals: readonly Signal[] = SIGNALS): boolean {
    return this.#oldestFirst().some((journal) => journal.wakeOne(signals));
  }

  sync(): Promise<boolean> {
    this.#asked = this.#asked.then(() => this.#sync());
    return this.#asked;
  }

  holds(signal: Signal): boolean {
    return this.#around.counts.held[signal] > 0;
  }

  stats(): SpoolStats {
    const { counts, unixMs } = this.#around;
    const journals = this.#journals();
    const firstMs = Math.min(...journals.map((journal) => journal.firstMs));
    return {
      bytes: counts.bytes,
      segments: journals.reduce((sum, journal) => sum + journal.size, 0),
      held: { ...counts.held },
      oldestMs: countItems(counts.held) === 0 ? 0 : Math.max(0, unixMs() - firstMs),
      outstanding: counts.outstanding,
      appended: { ...counts.appended },
      recovered: { ...counts.recovered },
      acknowledged: { ...counts.acknowledged },
      evicted: { ...counts.evicted },
      expired: { ...counts.expired },
      corrupt: { ...counts.corrupt, bytes: counts.corruptBytes },
    };
  }

  state(): SpoolState {
    return this.#health.state;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The writer, once there is room for the batch, or why it cannot be kept. */
  #admit(batch: Batch): Writer | Exclude<Appended, { kind: 'spooled' }> {
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
    const { counts, options } = this.#around;
    if (bytes > options.maxBytes) return false;
    while (counts.bytes + bytes > options.maxBytes) {
      if (this.#oldestFirst().some((journal) => journal.evictOldest())) continue;
      // All the rest is being written to, for one signal or another.
      if (this.#own?.writers.retireIdle() !== true) return false;
    }
    return true;
  }

  /** What was thrown away for a batch is off the disk before that batch comes onto it. */
  async #bury(): Promise<void> {
    for (const journal of this.#journals()) await journal.bury();
  }

  #journals(): readonly Journal[] {
    const { journals } = this.#orphans;
    return this.#own === undefined ? journals : [...journals, this.#own.journal];
  }

  #oldestFirst(): readonly Journal[] {
    const journals = this.#journals();
    return journals.length < 2 ? journals : journals.toSorted((a, b) => a.firstMs - b.firstMs);
  }

  /** By what they have of these signals. */
  #nextFirst(signals: readonly Signal[]): readonly Journal[] {
    const journals = this.#journals();
    if (journals.length < 2) return journals;
    return journals
      .map((journal) => ({ journal, ms: journal.nextMs(signals) ?? Infinity }))
      .toSorted((a, b) => a.ms - b.ms || 0)
      .map(({ journal }) => journal);
  }

  async #settleIn(): Promise<void> {
    const journal = await makeHome(this.#around, this.#root, this.#us);
    const onFailure = (code: string, bytes: number): void => this.#health.fail(code, bytes);
    const makeRoom = (): Promise<void> => this.#bury();
    this.#own = { journal, writers: new Writers(this.#around, journal, onFailure, makeRoom) };
  }

  async #adopt(): Promise<void> {
    const untilMs = this.#around.clock.now() + OPEN_BUDGET_MS;
    const more = await this.#orphans.adopt(this.#own?.journal.directory, untilMs);
    this.#makeRoom(0);
    if (more) this.#syncs.soon();
  }

  /** What failed, once more. */
  async #try(bytes: number): Promise<void> {
    if (this.#own === undefined) await this.#settleIn();
    const own = this.#own;
    if (own === undefined || this.#closing !== undefined) return;
    await tryWriting(this.#around.disk, join(own.journal.directory, 'probe'), bytes);
    await own.writers.sync();
    await own.journal.persist();
  }

  async #syncSoon(): Promise<void> {
    this.#own?.writers.retireIfDone();
    await this.#attempt(() => this.#own?.writers.sync());
    // Records wait for no cursor.
    this.#persisting = this.#persist().then(() => this.#orphans.leave());
  }

  async #sync(): Promise<boolean> {
    return (await this.#attempt(() => this.#own?.writers.sync())) && this.#persist();
  }

  async #persist(): Promise<boolean> {
    const persisted = await this.#attempt(async () => {
      for (const journal of this.#journals()) await journal.persist();
    });
    return persisted && this.#own?.journal.unsure === false;
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
    for (const journal of this.#journals()) journal.expire();
    for (const journal of this.#journals()) await this.#touch(journal);
    await this.#adopt().catch(() => undefined);
    this.#syncs.soon();
    this.#housekeeping.soon();
  }

  /** Shows those who cannot see this process that it lives, and finds out if they took it for dead. */
  async #touch(journal: Journal): Promise<void> {
    try {
      await this.#around.disk.touch(lockPath(journal.lock));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') return;
      journal.disown();
      if (this.#own?.journal === journal) {
        this.#own = undefined;
        this.#health.fail('ELOCKLOST', 0);
      } else this.#orphans.forget(journal);
    }
  }

  async #close(): Promise<void> {
    this.#health.close();
    await this.#housekeeping.stop();
    await this.#syncs.stop();
    await this.#asked;
    await this.#persisting;
    await this.#own?.writers.close();
    for (const journal of this.#journals()) await journal.close();
  }
}
