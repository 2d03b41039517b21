import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ChildOptions {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Folder of `<name>.log`, which gets its output. */
  readonly logs: string;
}

/** The end of the process. `forced`: it did not stop in time and was killed. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly forced: boolean;
}

const TAIL_LINES = 30;
const running = new Set<Child>();

/**
 * A Node process in its own process group, so that Ctrl-C in the terminal reaches only the demo. Its stdin is a
 * pipe that ends with the demo.
 */
export class Child {
  readonly name: string;
  /** Resolves once the process has ended and its output has been read. Never rejects. */
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  readonly #tail: string[] = [];
  readonly #listeners = new Set<(line: string) => void>();
  #forced = false;
  #done = false;

  constructor({ name, args, env, logs }: ChildOptions) {
    this.name = name;
    mkdirSync(logs, { recursive: true });
    const log = createWriteStream(join(logs, `${name}.log`));
    this.#process = spawn(process.execPath, args, {
      env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // If the process ended first, the error does not matter.
    this.#process.stdin?.on('error', () => undefined);
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      createInterface({ input: stream! }).on('line', (line) => {
        log.write(`${line}\n`);
        this.#tail.push(line);
        if (this.#tail.length > TAIL_LINES) this.#tail.shift();
        for (const listener of this.#listeners) listener(line);
      });
    }
    running.add(this);
    this.exited = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#done = true;
        running.delete(this);
        log.end();
        resolve({ code, signal, forced: this.#forced });
      };
      this.#process.on('error', (error) => {
        this.#tail.push(error.message);
        end(null, null);
      });
      this.#process.on('close', end);
    });
  }

  get isDone(): boolean {
    return this.#done;
  }

  /** Last lines of its output. */
  get tail(): string {
    return this.#tail.join('\n');
  }

  onLine(listener: (line: string) => void): void {
    this.#listeners.add(listener);
  }

  /** Sends SIGTERM, and SIGKILL after `graceMs`. */
  async stop(graceMs: number): Promise<Exit> {
    if (!this.#done) {
      this.#process.kill('SIGTERM');
      const timer = new AbortController();
      const late = sleep(graceMs, 'late' as const, { signal: timer.signal, ref: false });
      const first = await Promise.race([this.exited, late.catch(() => 'late' as const)]);
      timer.abort();
      if (first === 'late') this.kill();
    }
    return this.exited;
  }

  /** Kills the whole group at once. */
  kill(): void {
    const { pid } = this.#process;
    if (pid === undefined || this.#done) return;
    this.#forced = true;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The group has ended already.
    }
  }
}

/** Kills every process that still runs, as the last resort. */
export function killAll(): void {
  for (const child of running) child.kill();
}
