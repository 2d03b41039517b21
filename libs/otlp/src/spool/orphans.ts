import { codeOf } from './disk.js';
import { homesIn } from './homes.js';
import { Journal } from './journal.js';
import { claim, lockDirectory, type Claim } from './lock.js';
import type { Owner } from './owner.js';
import type { Surroundings } from './surroundings.js';

/** How long the lock of a process that we cannot see may stay untouched. Its owner touches it every 10 s. */
const STALE_MS = 60_000;

/** Finds sub-directories whose owners are gone, and makes them ours. */
export class Orphans {
  /** Ours now. */
  readonly journals: Journal[] = [];
  readonly #around: Surroundings;
  readonly #root: string;
  readonly #us: Owner;
  readonly #gone: ReadonlySet<string>;
  readonly #watched = new Map<string, { readonly mark: string; readonly sinceMs: number }>();
  #searched = false;

  /** `gone`: tokens of threads of this process that have ended, of whom nobody need wait for a sign of life. */
  constructor(around: Surroundings, root: string, us: Owner, gone: readonly string[]) {
    this.#around = around;
    this.#root = root;
    this.#us = us;
    this.#gone = new Set(gone);
  }

  /**
   * Oldest first, until `untilMs`; `home` is left alone. What one of them does hinders no other. True where there is
   * more than before. Throws what the disk throws.
   */
  async adopt(home: string | undefined, untilMs: number): Promise<boolean> {
    const { disk, clock, emit } = this.#around;
    const before = this.journals.length;
    const ours = new Set([home, ...this.journals.map(({ directory }) => directory)]);
    let whole = true;
    for (const directory of await homesIn(disk, this.#root)) {
      if (ours.has(directory)) continue;
      whole &&= clock.now() < untilMs;
      if (!whole) break;
      try {
        await this.#adoptOne(directory);
      } catch {
        whole = false;
      }
    }
    // Others may leave meanwhile.
    for (const journal of this.journals.slice()) whole = (await journal.survey(untilMs)) && whole;
    if (whole && !this.#searched && this.#gone.size > 0) {
      this.#searched = true;
      emit({ kind: 'searched', path: this.#root });
    }
    return this.journals.length > before;
  }

  /** Closes those of which nothing is left. */
  async leave(): Promise<void> {
    for (const journal of this.journals.filter(({ empty }) => empty)) {
      if (this.forget(journal)) await journal.close();
    }
  }

  /** False where it is not one of ours. */
  forget(journal: Journal): boolean {
    const index = this.journals.indexOf(journal);
    return index !== -1 && this.journals.splice(index, 1).length > 0;
  }

  async #adoptOne(directory: string): Promise<void> {
    const { disk, clock } = this.#around;
    const { owner } = await disk.stat(directory);
    // Somebody else's bytes are not ours to send.
    if (owner !== -1 && owner !== process.getuid?.()) return;
    const seen = this.#watched.get(directory);
    const stale = seen !== undefined && clock.now() - seen.sinceMs >= STALE_MS;
    let claimed = await this.#claim(directory, stale ? seen.mark : undefined);
    const inherited = claimed.kind === 'watch' && this.#gone.has(claimed.token);
    if (claimed.kind === 'watch' && inherited) {
      claimed = await this.#claim(directory, claimed.mark);
    }
    if (claimed.kind === 'watch' && claimed.mark !== seen?.mark) {
      this.#watched.set(directory, { mark: claimed.mark, sinceMs: clock.now() });
    }
    if (claimed.kind !== 'ours') return;
    this.#watched.delete(directory);
    const around = inherited ? this.#inheriting() : this.#around;
    const journal = await Journal.open(around, claimed.lock);
    if (journal.empty) await journal.close();
    else this.journals.push(journal);
  }

  /** What is found there was counted before, by the one who is gone. */
  #inheriting(): Surroundings {
    const { emit } = this.#around;
    return {
      ...this.#around,
      emit: (event) => emit(event.kind === 'adopted' ? { ...event, inherited: true } : event),
    };
  }

  async #claim(directory: string, staleMark: string | undefined): Promise<Claim> {
    const { disk } = this.#around;
    const locks = lockDirectory(directory);
    try {
      return await claim(disk, locks, this.#us, staleMark);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    // Its maker did not get as far as the lock, or somebody copied files here.
    try {
      await disk.removeDirectory(directory);
      return { kind: 'taken' };
    } catch {
      await disk.makeDirectory(locks);
      return claim(disk, locks, this.#us);
    }
  }
}
