import { styleText } from 'node:util';

interface Check {
  readonly section: string;
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
}

const NAME_WIDTH = 50;

/** The checks of `--check`. A failed check does not end the run. */
export class Checks {
  readonly #checks: Check[] = [];
  readonly #signal: AbortSignal;
  #section = '';

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** True if there is at least one check, and all have passed. */
  get passed(): boolean {
    return this.#checks.length > 0 && this.#checks.every((check) => check.passed);
  }

  /** Starts a section, to which later checks belong. */
  section(name: string): void {
    this.#section = name;
    console.log(`\n${styleText('bold', name)}`);
  }

  /**
   * Adds a check. It passes with the result of `look` as detail, and fails with its error. Throws when the
   * signal aborts.
   */
  async add(name: string, look: () => Promise<string> | string): Promise<void> {
    this.#signal.throwIfAborted();
    const about = { section: this.#section, name };
    let check: Check;
    try {
      check = { ...about, passed: true, detail: await look() };
    } catch (error) {
      this.#signal.throwIfAborted();
      const detail = error instanceof Error ? error.message : String(error);
      check = { ...about, passed: false, detail };
    }
    this.#checks.push(check);
    console.log(line(check));
  }

  /** Returns a line for each section, then the failed checks. */
  summary(): string {
    const sections = Map.groupBy(this.#checks, (check) => check.section);
    const rows = [...sections].map(([name, checks]) => {
      const passed = checks.filter((check) => check.passed).length;
      return `${mark(passed === checks.length)} ${name.padEnd(NAME_WIDTH)} ${passed} of ${checks.length}`;
    });
    const failed = this.#checks.filter((check) => !check.passed);
    const total = `${this.#checks.length - failed.length} passed, ${failed.length} failed`;
    const tail = failed.length > 0 ? ['', ...failed.map(line)] : [];
    return [...rows, ...tail, '', styleText(this.passed ? 'green' : 'red', total)].join('\n');
  }
}

function line({ name, passed, detail }: Check): string {
  return `${mark(passed)} ${name.padEnd(NAME_WIDTH)} ${styleText('dim', detail)}`.trimEnd();
}

function mark(passed: boolean): string {
  return passed ? styleText('green', '✓') : styleText('red', '✗');
}
