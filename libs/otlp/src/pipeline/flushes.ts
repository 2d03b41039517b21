import type { Lane } from './lane.js';

/** What a flush waits for: everything that was appended or offered before. */
export interface Marks {
  readonly sequence: number;
  readonly own: number;
}

interface Flush {
  readonly marks: Marks;
  /** Attempts of each lane that had begun before: what they find says nothing of now. */
  readonly begun: ReadonlyMap<Lane, number>;
  readonly done: () => void;
}

/** Those who wait until what they know of is settled, or cannot be for now. */
export class Flushes {
  readonly #open = new Set<Flush>();

  get size(): number {
    return this.#open.size;
  }

  /** Resolves when `settle` says so. Where nobody was there so far, one attempt is made now. */
  add(marks: Marks, lanes: Iterable<Lane>): Promise<void> {
    const begun = new Map<Lane, number>();
    for (const lane of lanes) {
      begun.set(lane, lane.begun());
      if (lane.isNobodyThere() && lane.waiting() > 0) lane.tryNow();
    }
    return new Promise((done) => this.#open.add({ marks, begun, done }));
  }

  /** `isIdle`: nothing of the lane waits for anything but a collector where nobody is. */
  settle(isSettled: (marks: Marks) => boolean, isIdle: (lane: Lane) => boolean): void {
    for (const flush of this.#open) {
      if (!isSettled(flush.marks) && !this.#isInVain(flush, isIdle)) continue;
      this.#open.delete(flush);
      flush.done();
    }
  }

  #isInVain({ begun }: Flush, isIdle: (lane: Lane) => boolean): boolean {
    let inVain = false;
    for (const [lane, before] of begun) {
      if (!isIdle(lane)) return false;
      inVain ||= lane.isNobodyThere() && lane.ended() > before;
    }
    return inVain;
  }
}
