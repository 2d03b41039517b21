import { styleText } from 'node:util';

interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
}

/** The list of checks that `--check` works off; a failed one does not end it. */
export class Checks {
  readonly #checks: Check[] = [];
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get passed(): boolean {
    return this.#checks.every((check) => check.passed);
  }

  /** Passes with what `look` returns as detail, fails with what it throws. @returns whether it passed */
  async add(name: string, look: () => Promise<string> | string): Promise<boolean> {
    this.#signal.throwIfAborted();
    let check: Check;
    try {
      check = { name, passed: true, detail: await look() };
    } catch (error) {
      this.#signal.throwIfAborted();
      const detail = error instanceof Error ? error.message : String(error);
      check = { name, passed: false, detail };
    }
    this.#checks.push(check);
    console.log(line(check, name.length));
    return check.passed;
  }

  /** All of them as a table, what failed once more at the end. */
  table(): string {
    const width = Math.max(...this.#checks.map(({ name }) => name.length));
    const failed = this.#checks.filter((check) => !check.passed);
    const total = `${this.#checks.length - failed.length} passed, ${failed.length} failed`;
    const rows = this.#checks.map((check) => line(check, width));
    return [...rows, '', styleText(failed.length > 0 ? 'red' : 'green', total)].join('\n');
  }
}

function line({ name, passed, detail }: Check, width: number): string {
  const mark = passed ? styleText('green', '✓') : styleText('red', '✗');
  return `${mark} ${name.padEnd(width)}  ${styleText('dim', detail)}`.trimEnd();
}
