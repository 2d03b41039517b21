import type { Segment } from './segment.js';
import type { SpoolContext } from './spool-context.js';

/** Files of one directory that nobody needs any more and that are still on the disk. */
export class PendingDeletes {
  readonly #context: SpoolContext;
  /** These files are deleted when the cursor on the disk is past them. Until then they count as bytes of the spool. */
  readonly #finished = new Set<Segment>();
  /** These files are deleted wherever the cursor is. */
  readonly #marked: Set<Segment>;

  constructor(context: SpoolContext, marked: readonly Segment[]) {
    this.#context = context;
    this.#marked = new Set(marked);
  }

  /** The number of files that still count as bytes of the spool. */
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

  /** Forgets the files, because another process owns them now. */
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
      // A file may still get another name while it is being closed.
      if (segment.isSealed) this.#marked.delete(segment);
    }
  }

  /**
   * Deletes marked files and those that the cursor has passed. It first calls `moveCursor`, and tells it whether the
   * cursor must move. Throws the errors of the disk.
   */
  async deletePassed(moveCursor: (must: boolean) => Promise<void>): Promise<void> {
    // Only these files go: more may finish while the cursor is on its way to the disk.
    const passed = [...this.#finished];
    // A file may still change its name while it is being closed.
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
