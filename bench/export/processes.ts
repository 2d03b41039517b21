import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Child } from '../processes/child.ts';
import type { Measured, TrialOptions } from './trial.ts';

const TRIAL_TIMEOUT_MS = 120_000;

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A proxy to `port` that takes its time, and where it listens. */
export async function startDelay(
  port: number,
  roundTripMs: number,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const child = new Child(fileOf('delay.ts'), { args: [String(port), String(roundTripMs)] });
  const listening = await child.next<{ port: number }>();
  return { port: listening.port, stop: () => child.stop() };
}

export interface RunOptions {
  /** Flags of the trial's process. */
  readonly flags: readonly string[];
  readonly profileDirectory: string | undefined;
  /** Called when the trial asks for a silent collector. */
  readonly hold: () => Promise<void>;
}

/** Rejects with what the trial said where it failed. */
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
