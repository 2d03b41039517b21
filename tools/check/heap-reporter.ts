import type { Reporter, Test, TestResult } from '@jest/reporters';

const MIB = 1024 * 1024;
/** Twice the heap at which a Jest worker is replaced, which leaves room for the largest spec. */
const MOST_MIB = 700;

/**
 * Fails a run in which the heap of a Jest process exceeds its bound. Node frees no module of a `vm` context, so
 * a process that runs one spec file after the other only grows: to 1.7 GB for all of them.
 */
export default class HeapReporter implements Reporter {
  #largest = { bytes: 0, path: '' };

  onTestResult(test: Test, { memoryUsage = 0 }: TestResult): void {
    if (memoryUsage > this.#largest.bytes) this.#largest = { bytes: memoryUsage, path: test.path };
  }

  onRunComplete(): void {
    const { bytes } = this.#largest;
    if (bytes > 0) console.log(`Largest heap: ${Math.round(bytes / MIB)} MB`);
  }

  getLastError(): Error | undefined {
    const { bytes, path } = this.#largest;
    if (bytes <= MOST_MIB * MIB) return undefined;
    const used = Math.round(bytes / MIB);
    return new Error(`${used} MB of heap after ${path}; at most ${MOST_MIB} are allowed`);
  }
}
