import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Where and of what figures were measured. */
export interface Machine {
  readonly date: string;
  /** Of this project; `+` where files are changed. */
  readonly commit: string;
  readonly node: string;
  readonly processor: string;
  readonly memoryGiB: number;
  readonly system: string;
  readonly cores: string;
  /** Before the first trial. A load of others makes figures worse, and ratios less so. */
  readonly load: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

const git = (...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

function commitOf(): string {
  try {
    const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
    return git('rev-parse', '--short', 'HEAD') + (isChanged ? '+' : '');
  } catch {
    return 'none';
  }
}

export const loadText = (): string =>
  loadavg()
    .map((load) => load.toFixed(2))
    .join(' ');

export const describeMachine = (cores: string): Machine => ({
  date: new Date().toISOString().slice(0, 16).replace('T', ' '),
  commit: commitOf(),
  node: process.version,
  processor: `${cpus()[0]?.model.trim() ?? 'unknown'} x ${availableParallelism()}`,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${process.platform} ${process.arch}`,
  cores,
  load: loadText(),
});

export const machineLines = (machine: Machine): readonly string[] => [
  `${machine.date} UTC, commit ${machine.commit}, Node ${machine.node}`,
  `${machine.processor}, ${machine.memoryGiB} GiB, ${machine.system}; load average ${machine.load}`,
  machine.cores,
];
