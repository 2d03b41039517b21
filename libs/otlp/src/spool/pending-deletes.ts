import type { Segment } from './segment.js';
import type { SpoolContext } from './spool-context.js';

/** Files of one directory that nobody needs any more, until they are off the disk. */
export class PendingDeletes {
  readonly #context: SpoolContext;
  /** Deleted when the cursor on the disk is past them. Until then they count as bytes of the spool. */
  readonly #finished = new Set<Segment>();
  /** Deleted whatever the cursor says. */
  readonly #marked: Set<Segment>;

  constructor(context: SpoolContext, marked: readonly Segment[]) {
    this.#context = context;
    this.#marked = new Set(marked);
  }

  /** How many files still count as bytes of the spool. */
  get finished(): number {
    return this.#finished.size;
  }

  get isEmpty(): boolean {
    return this.#finished.size + this.#marked.size === 0;
  }

  finish(segment: Segment): void {
    this.#finished.add(segment);
  }

  markForDeletion(segment: Segment): void {
    this.#marked.add(segment);
  }

  /** The files are somebody else's now. */
  forget(): void {
    this.#finished.clear();
    this.#marked.clear();
  }

  /** Deletes marked files that can go now; the others wait for `deletePassed`. Never rejects. */
  async deletePending(): Promise<void> {
    for (const segment of this.#marked) {
      try {
        await segment.remove();
      } catch {
        continue;
      }
      // While it is being closed it may still get another name.
      if (segment.isSealed) this.#marked.delete(segment);
    }
  }

  /** Calls `moveCursor` first, and tells it whether it must move. Throws what the disk throws. */
  async deletePassed(moveCursor: (must: boolean) => Promise<void>): Promise<void> {
    // Only these: more may finish while the cursor is on its way to the disk.
    const passed = [...this.#finished];
    // While it is being closed it may still change its name.
    const marked = [...this.#marked].filter(({ isSealed }) => isSealed);
    await moveCursor(passed.length > 0);
    for (const segment of passed) {
      await segment.remove();
      this.#finished.delete(segment);
      this.#context.counts.removeBytes(segment.bytes);
    }
    for (const segment of marked) {
      await segment.remove();
      this.#marked.delete(segment);
    }
  }
}
