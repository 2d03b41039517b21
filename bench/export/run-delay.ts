import { closeSync, openSync, readSync } from 'node:fs';

const SPACE = 32;
const ZERO = 48;

/** Reads how long this thread has waited for a core while it could run. Linux only; 0 elsewhere. */
export class RunDelay {
  readonly #file: number | undefined;
  readonly #text = Buffer.alloc(128);

  constructor() {
    try {
      // The file describes the thread that opens it: its time on a core, then its time in the queue for one,
      // both in ns.
      this.#file = openSync('/proc/thread-self/schedstat', 'r');
    } catch {
      this.#file = undefined;
    }
  }

  ms(): number {
    if (this.#file === undefined) return 0;
    const end = readSync(this.#file, this.#text, 0, this.#text.length, 0);
    let at = this.#text.indexOf(SPACE) + 1;
    let ns = 0;
    for (; at < end && this.#text[at] !== SPACE; at += 1) {
      ns = ns * 10 + ((this.#text[at] ?? ZERO) - ZERO);
    }
    return ns / 1e6;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}
