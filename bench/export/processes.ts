import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Received, ToCollector } from './collector.ts';
import type { Measured, TrialOptions } from './trial.ts';

const TRIAL_TIMEOUT_MS = 120_000;

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A child process that listens and sends its port. */
class Listener {
  readonly child: ChildProcess;
  port = 0;

  constructor(file: string, args: readonly string[] = []) {
    this.child = fork(fileOf(file), [...args]);
  }

  async listening(): Promise<this> {
    const [{ port }] = (await once(this.child, 'message')) as [{ port: number }];
    this.port = port;
    return this;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.disconnect();
    await exit;
  }
}

export class Collector extends Listener {
  constructor() {
    super('collector.ts');
  }

  /** Starts the counts again and returns the last ones. */
  async take(mode: Omit<ToCollector, 'kind'>): Promise<Received> {
    const answer = once(this.child, 'message');
    this.child.send({ kind: 'take', ...mode } satisfies ToCollector);
    const [received] = (await answer) as [Received];
    return received;
  }
}

export const startDelay = (port: number, roundTripMs: number): Promise<Listener> =>
  new Listener('delay.ts', [String(port), String(roundTripMs)]).listening();

export interface RunOptions {
  /** Flags of the trial's process. */
  readonly flags: readonly string[];
  readonly profileDirectory: string | undefined;
  /** Called when the trial asks for a silent collector. */
  readonly hold: () => Promise<void>;
}

/** Rejects if the trial ends without a result. */
export async function runTrial(
  options: TrialOptions,
  { flags, profileDirectory, hold }: RunOptions,
): Promise<Measured> {
  const profiled =
    profileDirectory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`];
  const child = fork(fileOf('trial.ts'), [JSON.stringify(options)], {
    execArgv: [...flags, ...profiled],
    ...(profileDirectory !== undefined && { cwd: profileDirectory }),
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), TRIAL_TIMEOUT_MS);
  let measured: Measured | undefined;
  child.on('message', (message: Measured | 'idle') => {
    if (message === 'idle') void hold().then(() => child.send('held'));
    else measured = message;
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  if (measured === undefined) throw new Error(`the trial ended with ${code}`);
  return measured;
}
