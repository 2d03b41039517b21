import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { codeOf, type Disk } from './disk.js';
import { Journal } from './journal.js';
import { claim, lockDirectory, type Claim } from './lock.js';
import type { Owner } from './owner.js';
import type { Surroundings } from './surroundings.js';

const NAME = /^\d{15}-\d+-[0-9a-f]{8}$/;

/** A directory that is gone each time is gone for another reason than others who look for orphans. */
const MOST_TRIES = 16;

/** Names sort by time and are never used again. */
export function newHomeName(unixMs: number): string {
  const time = String(Math.max(0, Math.floor(unixMs))).padStart(15, '0');
  return `${time}-${process.pid}-${randomUUID().slice(0, 8)}`;
}

/** A sub-directory of our own. Throws what the disk throws. */
export async function makeHome(around: Surroundings, root: string, us: Owner): Promise<Journal> {
  const { disk } = around;
  for (let tries = 1; ; tries += 1) {
    const directory = lockDirectory(join(root, newHomeName(around.unixMs())));
    await disk.makeDirectory(directory);
    const claimed = await claim(disk, directory, us).catch((error: unknown): Claim => {
      if (codeOf(error) !== 'ENOENT' || tries >= MOST_TRIES) throw error;
      return { kind: 'taken' };
    });
    // Whoever looks for orphans may have been faster, and have removed what it found empty.
    if (claimed.kind !== 'ours') continue;
    return Journal.open(around, claimed.lock);
  }
}

/** Oldest first. */
export async function homesIn(disk: Disk, root: string): Promise<string[]> {
  const names: string[] = [];
  for (const { name, kind } of await disk.list(root)) {
    if (kind === 'directory' && NAME.test(name)) names.push(name);
  }
  return names.toSorted().map((name) => join(root, name));
}
