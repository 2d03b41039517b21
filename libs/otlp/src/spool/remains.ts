import { codeOf, type Disk } from './disk.js';
import type { Segment } from './segment.js';
import type { Surroundings } from './surroundings.js';

/** Files of a journal that nobody needs any more, until they are off the disk. */
export class Remains {
  readonly #around: Surroundings;
  /** To be removed when the cursor on the disk is past them. */
  readonly #finished: Segment[] = [];
  /** To be removed whatever the cursor says. */
  readonly #doomed: Segment[];

  constructor(around: Surroundings, doomed: readonly Segment[]) {
    this.#around = around;
    this.#doomed = [...doomed];
  }

  /** How many still count as bytes of the spool. */
  get finished(): number {
    return this.#finished.length;
  }

  get empty(): boolean {
    return this.#finished.length + this.#doomed.length === 0;
  }

  finish(segment: Segment): void {
    this.#finished.push(segment);
  }

  doom(segment: Segment): void {
    this.#doomed.push(segment);
  }

  /** Somebody else's now. */
  forget(): void {
    this.#finished.length = 0;
    this.#doomed.length = 0;
  }

  /** Those that are doomed and go now; the others wait for `leave`. Never rejects. */
  async bury(): Promise<void> {
    for (const segment of this.#doomed.slice()) {
      try {
        await removeFile(this.#around.disk, segment.path);
      } catch {
        continue;
      }
      // While it is being closed it may still get another name.
      if (segment.sealed) without(this.#doomed, segment);
    }
  }

  /** `moveCursor` first, told whether it must. Throws what the disk throws. */
  async leave(moveCursor: (must: boolean) => Promise<void>): Promise<void> {
    const { disk, counts } = this.#around;
    // Only these: more may finish while the cursor is on its way to the disk.
    const passed = [...this.#finished];
    // While it is being closed it may still change its name.
    const doomed = this.#doomed.filter(({ sealed }) => sealed);
    await moveCursor(passed.length > 0);
    for (const segment of passed) {
      await removeFile(disk, segment.path);
      without(this.#finished, segment);
      counts.bytes -= segment.bytes;
    }
    for (const segment of doomed) {
      await removeFile(disk, segment.path);
      without(this.#doomed, segment);
    }
  }
}

/** Also where it is not there. Throws what the disk throws. */
export async function removeFile(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

export function without(segments: Segment[], segment: Segment): void {
  const index = segments.indexOf(segment);
  if (index !== -1) segments.splice(index, 1);
}
