import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface ChildOptions {
  /** Flags of Node. */
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
  /** What `taskset` takes; undefined: wherever the system puts it. */
  readonly cores?: string | undefined;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Silent: what it prints is kept, and shown only where it fails. */
  readonly silent?: boolean;
}

const ANSWER_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 15_000;
/** Of what a silent child printed. */
const KEPT_CHARACTERS = 4000;

/** A Node process that tells when it is ready, and then answers each question with one message, in order. */
export class Child {
  readonly process: ChildProcess;
  readonly #file: string;
  readonly #exited: Promise<unknown>;
  readonly #inbox: unknown[] = [];
  #waiting: { resolve: (message: unknown) => void; reject: (why: Error) => void } | undefined;
  #printed = '';

  constructor(file: string, options: ChildOptions = {}) {
    const { flags = [], args = [], cores, silent = false } = options;
    const command = [process.execPath, ...flags, file, ...args];
    const [program = '', ...rest] =
      cores === undefined ? command : ['taskset', '-c', cores, ...command];
    const output = silent ? 'pipe' : 'inherit';
    this.process = spawn(program, rest, {
      stdio: ['ignore', output, output, 'ipc'],
      cwd: options.cwd,
      env: options.env ?? process.env,
    });
    this.#file = file;
    this.#exited = once(this.process, 'exit');
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#printed = (this.#printed + text).slice(-KEPT_CHARACTERS);
      });
    }
    this.process.on('message', (message) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting === undefined) this.#inbox.push(message);
      else waiting.resolve(message);
    });
    this.process.on('exit', (code, signal) => {
      this.#waiting?.reject(new Error(`${file} ended with ${code ?? signal}\n${this.#printed}`));
    });
  }

  /** The next message of the child. Rejects where it ends, or says nothing. */
  async next<Answer>(): Promise<Answer> {
    if (this.#inbox.length > 0) return this.#inbox.shift() as Answer;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting = { resolve, reject };
    const { exitCode, signalCode } = this.process;
    if (exitCode !== null || signalCode !== null) {
      reject(new Error(`${this.#file} has ended with ${exitCode ?? signalCode}\n${this.#printed}`));
    }
    const timer = setTimeout(
      () => reject(new Error(`${this.#file} says nothing\n${this.#printed}`)),
      ANSWER_TIMEOUT_MS,
    );
    try {
      return (await promise) as Answer;
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  ask<Answer>(message: object): Promise<Answer> {
    const answer = this.next<Answer>();
    // Its end rejects the answer.
    if (this.process.connected) this.process.send(message, () => {});
    return answer;
  }

  /** Lets it end by itself, at the end of the channel; kills it where it does not. */
  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    if (this.process.connected) this.process.disconnect();
    const timer = setTimeout(() => this.process.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(timer);
  }
}
