import type { Lane } from './lane.js';

/** What a flush waits for: everything that was appended or offered before. */
export interface Marks {
  readonly sequence: number;
  readonly own: number;
}

interface Flush {
  readonly marks: Marks;
  /** Of each lane when it began. */
  readonly attempts: ReadonlyMap<Lane, number>;
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
    const attempts = new Map<Lane, number>();
    for (const lane of lanes) {
      attempts.set(lane, lane.attempts());
      if (lane.isNobodyThere() && lane.waiting() > 0) lane.tryNow();
    }
    return new Promise((done) => this.#open.add({ marks, attempts, done }));
  }

  /** `isIdle`: nothing of the lane waits for anything but a collector where nobody is. */
  settle(isSettled: (marks: Marks) => boolean, isIdle: (lane: Lane) => boolean): void {
    for (const flush of this.#open) {
      if (!isSettled(flush.marks) && !this.#isInVain(flush, isIdle)) continue;
      this.#open.delete(flush);
      flush.done();
    }
  }

  #isInVain({ attempts }: Flush, isIdle: (lane: Lane) => boolean): boolean {
    let inVain = false;
    for (const [lane, before] of attempts) {
      if (!isIdle(lane)) return false;
      inVain ||= lane.isNobodyThere() && lane.attempts() > before;
    }
    return inVain;
  }
}
