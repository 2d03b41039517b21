import { codeOf } from './disk.js';
import { claim, listDirectories, lockDirectory, type Claim, type Owner } from './ownership.js';
import { SpoolDirectory } from './spool-directory.js';
import type { SpoolContext } from './spool-context.js';

/**
 * A lock that stays untouched for this long is stale, if its process cannot be seen from here. An owner touches it
 * every 10 s.
 */
const STALE_MS = 60_000;

/** Finds sub-directories whose owners are gone, and takes them over. */
export class AbandonedSpools {
  readonly #context: SpoolContext;
  readonly #root: string;
  readonly #us: Owner;
  readonly #gone: ReadonlySet<string>;
  /** Directories that this process took over. */
  readonly #directories: SpoolDirectory[] = [];
  /** Locks of owners that cannot be seen from here, and the time since which each has not changed. */
  readonly #watched = new Map<string, { readonly mark: string; readonly sinceMs: number }>();
  #isSearched = false;

  /** `gone` holds tokens of threads of this process that have ended. Their locks are stale at once. */
  constructor(context: SpoolContext, root: string, us: Owner, gone: readonly string[]) {
    this.#context = context;
    this.#root = root;
    this.#us = us;
    this.#gone = new Set(gone);
  }

  /** Directories that were taken over and still hold records or files. */
  get directories(): readonly SpoolDirectory[] {
    return this.#directories;
  }

  /**
   * Takes over the abandoned directories, oldest first, until `untilMs`. It skips `own`. A directory that fails hinders
   * no other. Returns true if there are more than before. Throws the errors of the disk.
   */
  async adopt(own: string | undefined, untilMs: number): Promise<boolean> {
    const { disk, clock } = this.#context;
    const before = this.#directories.length;
    const ours = new Set([own, ...this.#directories.map(({ path }) => path)]);
    let isWhole = true;
    for (const path of await listDirectories(disk, this.#root)) {
      if (ours.has(path)) continue;
      isWhole &&= clock.now() < untilMs;
      if (!isWhole) break;
      try {
        await this.#adoptOne(path);
      } catch {
        isWhole = false;
      }
    }
    // A directory may be closed meanwhile.
    for (const directory of this.#directories.slice()) {
      isWhole = (await directory.measure(untilMs)) && isWhole;
    }
    if (isWhole && !this.#isSearched && this.#gone.size > 0) {
      this.#isSearched = true;
      this.#context.emit({ kind: 'searched', path: this.#root });
    }
    return this.#directories.length > before;
  }

  /** Closes directories that have nothing left. */
  async closeEmpty(): Promise<void> {
    for (const directory of this.#directories.filter(({ isEmpty }) => isEmpty)) {
      if (this.forget(directory)) await directory.close();
    }
  }

  /** Returns false if the directory is not one of these. */
  forget(directory: SpoolDirectory): boolean {
    const index = this.#directories.indexOf(directory);
    return index !== -1 && this.#directories.splice(index, 1).length > 0;
  }

  async #adoptOne(path: string): Promise<void> {
    const { disk, clock } = this.#context;
    const { owner } = await disk.stat(path);
    // Another process owns the directory now, and sends its records.
    if (owner !== -1 && owner !== process.getuid?.()) return;
    const seen = this.#watched.get(path);
    const isStale = seen !== undefined && clock.now() - seen.sinceMs >= STALE_MS;
    let claimed = await this.#claim(path, isStale ? seen.mark : undefined);
    const isInherited = claimed.kind === 'watch' && this.#gone.has(claimed.token);
    if (claimed.kind === 'watch' && isInherited) claimed = await this.#claim(path, claimed.mark);
    if (claimed.kind === 'watch' && claimed.mark !== seen?.mark) {
      this.#watched.set(path, { mark: claimed.mark, sinceMs: clock.now() });
    }
    if (claimed.kind !== 'ours') return;
    this.#watched.delete(path);
    const context = isInherited ? this.#context.forInherited() : this.#context;
    const directory = await SpoolDirectory.open(context, claimed.lock);
    if (directory.isEmpty) await directory.close();
    else this.#directories.push(directory);
  }

  async #claim(path: string, staleMark: string | undefined): Promise<Claim> {
    const { disk } = this.#context;
    const locks = lockDirectory(path);
    try {
      return await claim(disk, locks, this.#us, staleMark);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    // Its maker stopped before it had the lock, or somebody copied files here.
    try {
      await disk.removeDirectory(path);
      return { kind: 'taken' };
    } catch {
      await disk.makeDirectory(locks);
      return claim(disk, locks, this.#us);
    }
  }
}
