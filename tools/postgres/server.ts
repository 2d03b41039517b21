import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Account } from './account.ts';

export interface ServerOptions {
  readonly program: string;
  readonly account: Account | undefined;
  readonly dataDir: string;
  readonly port: number;
}

export interface Server {
  /** Stops it; clients are cut off (fast shutdown). The data stays. */
  stop(): Promise<void>;
}

type Watched = ChildProcessByStdio<Writable, null, Readable>;

/**
 * Runs the server under a shell that waits for its stdin to end. That end is ours: it comes when we stop, and
 * also when this process is gone, however it went. Nobody who could want the data is left then.
 */
const WATCH = `
dir=$1; shift
"$@" </dev/null >/dev/null &
server=$!
exec 2>/dev/null
word=
read -r word
kill -INT $server
wait $server
[ "$word" = keep ] || rm -rf "$dir"
`;

const FLAGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  listen_addresses: '127.0.0.1',
  log_min_messages: 'warning',
};

const START_LIMIT_MS = 30_000;
const LAST_LINES = 20;

export const startServer = async (options: ServerOptions): Promise<Server> => {
  const { account, dataDir } = options;
  // In a process group of its own: Ctrl-C in the terminal reaches us and not the database.
  const watched = spawn('/bin/sh', ['-c', WATCH, 'sh', dataDir, ...commandOf(options)], {
    ...account,
    cwd: dataDir,
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  // Broken when the shell is gone already.
  watched.stdin.on('error', () => {});
  // Rejects where there never was a process; then there is nothing to wait for.
  const exit = once(watched, 'exit').catch(() => {});
  const stop = async (): Promise<void> => {
    watched.ref();
    watched.stdin.end('keep\n');
    await exit;
  };
  try {
    await ready(watched);
  } catch (error) {
    await stop();
    throw error;
  }
  letGo(watched);
  return { stop };
};

const commandOf = ({ program, dataDir, port }: ServerOptions): string[] => [
  program,
  '-D',
  dataDir,
  '-p',
  String(port),
  '-k',
  dataDir,
  ...Object.entries(FLAGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
];

/** The server writes this line when it accepts connections, whatever `log_min_messages` is. */
const READY = 'database system is ready to accept connections';

const ready = (watched: Watched): Promise<void> => {
  const lines: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (why: string): void => {
    reject(new Error([`PostgreSQL ${why}:`, ...lines].join('\n')));
  };
  const timer = setTimeout(() => fail('was not ready in time'), START_LIMIT_MS);
  watched.once('error', (error) => fail(`could not be started (${error.message})`));
  createInterface({ input: watched.stderr })
    .on('line', (line) => {
      lines.push(line);
      if (lines.length > LAST_LINES) lines.shift();
      if (line.includes(READY)) resolve();
    })
    .once('close', () => fail('ended at its start'));
  return promise.finally(() => clearTimeout(timer));
};

/** Who forgets to stop it can end all the same: the shell notices. */
const letGo = (watched: Watched): void => {
  watched.unref();
  for (const stream of [watched.stdin, watched.stderr]) {
    if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
};
