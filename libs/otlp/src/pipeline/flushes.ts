import type { Exporter } from './exporter.js';
import type { FlushMark } from './worker-messages.js';

interface Flush {
  readonly mark: FlushMark;
  /** Attempts of each exporter that had begun before: what they find says nothing of now. */
  readonly begun: ReadonlyMap<Exporter, number>;
  readonly done: () => void;
}

/** The flushes that wait, each until all before its mark is settled, or cannot be for now. */
export class Flushes {
  readonly #open = new Set<Flush>();

  get size(): number {
    return this.#open.size;
  }

  /** Resolves when `settle` says so. Where nobody was there so far, one attempt is made now. */
  add(mark: FlushMark, exporters: Iterable<Exporter>): Promise<void> {
    const begun = new Map<Exporter, number>();
    for (const exporter of exporters) {
      begun.set(exporter, exporter.begun());
      if (exporter.isNobodyThere() && exporter.waiting() > 0) exporter.tryNow();
    }
    return new Promise((done) => this.#open.add({ mark, begun, done }));
  }

  /** `isIdle`: nothing of the exporter waits for anything but a collector where nobody is. */
  settle(isSettled: (mark: FlushMark) => boolean, isIdle: (exporter: Exporter) => boolean): void {
    for (const flush of this.#open) {
      if (!isSettled(flush.mark) && !this.#isInVain(flush, isIdle)) continue;
      this.#open.delete(flush);
      flush.done();
    }
  }

  #isInVain({ begun }: Flush, isIdle: (exporter: Exporter) => boolean): boolean {
    let inVain = false;
    for (const [exporter, before] of begun) {
      if (!isIdle(exporter)) return false;
      inVain ||= exporter.isNobodyThere() && exporter.ended() > before;
    }
    return inVain;
  }
}
