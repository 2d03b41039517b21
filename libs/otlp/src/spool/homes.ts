import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { codeOf, type Disk } from './disk.js';
import { Journal } from './journal.js';
import { claim, lockDirectory, type Claim } from './lock.js';
import type { Owner } from './owner.js';
import type { Surroundings } from './surroundings.js';

/** How long the lock of a process that we cannot see may stay untouched. Its owner touches it every 10 s. */
const STALE_MS = 60_000;
const NAME = /^\d{15}-\d+-[0-9a-f]{8}$/;

/** Names sort by time and are never used again. */
export function newHomeName(unixMs: number): string {
  const time = String(Math.max(0, Math.floor(unixMs))).padStart(15, '0');
  return `${time}-${process.pid}-${randomUUID().slice(0, 8)}`;
}

/** A sub-directory of our own. Throws what the disk throws. */
export async function makeHome(around: Surroundings, root: string, us: Owner): Promise<Journal> {
  const { disk } = around;
  for (;;) {
    const directory = lockDirectory(join(root, newHomeName(around.unixMs())));
    await disk.makeDirectory(directory);
    const claimed = await claim(disk, directory, us);
    // Whoever looks for orphans may have been faster.
    if (claimed.kind !== 'ours') continue;
    return Journal.open(around, claimed.lock);
  }
}

/** Finds sub-directories whose owners are gone, and makes them ours. */
export class Orphans {
  readonly #around: Surroundings;
  readonly #root: string;
  readonly #us: Owner;
  readonly #watched = new Map<string, { readonly mark: string; readonly sinceMs: number }>();

  constructor(around: Surroundings, root: string, us: Owner) {
    this.#around = around;
    this.#root = root;
    this.#us = us;
  }

  /** Oldest first, until `untilMs`; `ours` are left alone. What one of them does hinders no other. */
  async adopt(ours: ReadonlySet<string>, untilMs: number): Promise<Journal[]> {
    const { disk, clock } = this.#around;
    const adopted: Journal[] = [];
    for (const directory of await homesIn(disk, this.#root)) {
      if (ours.has(directory)) continue;
      if (clock.now() >= untilMs) break;
      const journal = await this.#adoptOne(directory).catch(() => undefined);
      if (journal?.empty === true) await journal.close();
      else if (journal !== undefined) adopted.push(journal);
    }
    return adopted;
  }

  async #adoptOne(directory: string): Promise<Journal | undefined> {
    const { disk, clock } = this.#around;
    const { owner } = await disk.stat(directory);
    // Somebody else's bytes are not ours to send.
    if (owner !== -1 && owner !== process.getuid?.()) return undefined;
    const seen = this.#watched.get(directory);
    const stale = seen !== undefined && clock.now() - seen.sinceMs >= STALE_MS;
    const staleMark = stale ? seen.mark : undefined;
    const claimed = await this.#claim(directory, staleMark);
    if (claimed.kind === 'watch' && claimed.mark !== seen?.mark) {
      this.#watched.set(directory, { mark: claimed.mark, sinceMs: clock.now() });
    }
    if (claimed.kind !== 'ours') return undefined;
    this.#watched.delete(directory);
    return Journal.open(this.#around, claimed.lock);
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

async function homesIn(disk: Disk, root: string): Promise<string[]> {
  const names: string[] = [];
  for (const { name, kind } of await disk.list(root)) {
    if (kind === 'directory' && NAME.test(name)) names.push(name);
  }
  return names.toSorted().map((name) => join(root, name));
}
