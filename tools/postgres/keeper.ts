import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Account } from './account.ts';

export interface KeeperOptions {
  /** Path of the server's binary. */
  readonly program: string;
  readonly account: Account | undefined;
  readonly dataDir: string;
}

/**
 * A shell that runs the server and deletes its data at the end. It works while its stdin, which we hold, is
 * open, so it notices when this process is gone, for whatever reason. Its commands are `start <port>` and
 * `stop`.
 */
const SCRIPT = `
dir=$1; shift
job=
stop() {
  [ -n "$job" ] || return 0
  kill -INT "$(cat "$dir/server.pid")" 2>/dev/null
  wait "$job"
  job=
}
while read -r word port; do
  case $word in
    start)
      {
        sh -c 'echo $$ >"$0/server.pid"; exec "$@"' "$dir" "$@" -p "$port" </dev/null 2>&1 >/dev/null
        rm -f "$dir/server.pid"
        echo ENDED
      } &
      job=$! ;;
    stop) stop ;;
  esac
done
stop
rm -rf "$dir"
`;

const FLAGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  listen_addresses: '127.0.0.1',
  log_min_messages: 'warning',
};

/** The server writes this line when it accepts connections, whatever `log_min_messages` is. */
const READY = 'database system is ready to accept connections';
const ENDED = 'ENDED';
const START_LIMIT_MS = 30_000;
const LAST_LINES = 20;

/** Starts, stops and at the end removes one server. Calls must not overlap. */
export class Keeper {
  readonly #shell: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lastLines: string[] = [];
  #heard: (line: string) => void = () => {};

  constructor({ program, account, dataDir }: KeeperOptions) {
    const flags = Object.entries(FLAGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const command = [program, '-D', dataDir, '-k', dataDir, ...flags];
    // The shell has a process group of its own: Ctrl-C in the terminal reaches us, but not the database.
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, 'sh', dataDir, ...command], {
      ...account,
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    // The pipe breaks when the shell is gone, which the end of its stdout shows.
    this.#shell.stdin.on('error', () => {});
    this.#shell.on('error', (error) => this.#hear(String(error)));
    createInterface({ input: this.#shell.stdout })
      .on('line', (line) => this.#hear(line))
      .on('close', () => this.#hear(ENDED));
    this.#letGo();
  }

  /** Resolves when the server accepts connections. Rejects with its last output if it does not. */
  async start(port: number): Promise<void> {
    this.#lastLines.length = 0;
    const line = await this.#say(`start ${port}`, [READY, ENDED], START_LIMIT_MS);
    if (line?.includes(READY) === true) return;
    const why = line === undefined ? 'was not ready in time' : 'ended at its start';
    throw new Error([`PostgreSQL ${why}:`, ...this.#lastLines].join('\n'));
  }

  /** Disconnects clients and ends the server (fast shutdown). The data stays. */
  async stop(): Promise<void> {
    await this.#say('stop', [ENDED]);
  }

  /** Stops the server and deletes its data. */
  async close(): Promise<void> {
    this.#hold();
    const closed = once(this.#shell, 'close');
    this.#shell.stdin.end();
    await closed;
  }

  /** Resolves with the first line that contains one of the marks, or with undefined after the limit. */
  async #say(
    words: string,
    marks: readonly string[],
    limitMs?: number,
  ): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#heard = (line) => {
      if (marks.some((mark) => line.includes(mark))) resolve(line);
    };
    const timer = limitMs === undefined ? undefined : setTimeout(() => resolve(undefined), limitMs);
    this.#hold();
    this.#shell.stdin.write(`${words}\n`);
    const line = await promise;
    clearTimeout(timer);
    this.#letGo();
    return line;
  }

  #hear(line: string): void {
    this.#lastLines.push(line);
    if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
    this.#heard(line);
  }

  #hold(): void {
    this.#shell.ref();
    for (const pipe of this.#pipes()) pipe.ref?.();
  }

  /** Lets this process end even if it forgets to close. The shell notices the end. */
  #letGo(): void {
    this.#shell.unref();
    for (const pipe of this.#pipes()) pipe.unref?.();
  }

  /** Returns the pipes as sockets, which they are, although their types do not say so. */
  #pipes(): Partial<Pick<Socket, 'ref' | 'unref'>>[] {
    return [this.#shell.stdin, this.#shell.stdout] as unknown as Socket[];
  }
}
