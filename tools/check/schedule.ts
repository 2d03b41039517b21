import { spawn } from 'node:child_process';

export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Names of steps that must end first, passed or not. Steps that are not run are ignored. */
  readonly after?: readonly string[];
  /** The step uses all cores: it runs alone, and prints while it runs. */
  readonly alone?: true;
  /** The quick run skips the step. */
  readonly slow?: true;
  /** The step needs more than npm or more than a few minutes, so it runs only in CI. */
  readonly further?: true;
}

export interface ScheduleOptions {
  readonly cwd: string;
  /** Largest number of steps that run at the same time. */
  readonly atOnce: number;
}

/**
 * Runs steps in order, several at the same time if they allow it. A step that runs beside another prints its
 * output when it has ended, so that the lines of two steps never mix. Resolves when all have ended. Never
 * rejects.
 */
export function runSteps(
  steps: readonly Step[],
  { cwd, atOnce }: ScheduleOptions,
): Promise<{ readonly failed: readonly string[] }> {
  const waiting = [...steps];
  const running = new Set<Step>();
  const failed: string[] = [];
  const isOpen = (name: string): boolean =>
    [...waiting, ...running].some((step) => step.name === name);

  const startable = (): Step | undefined => {
    if (running.size >= atOnce || [...running].some(({ alone }) => alone)) return undefined;
    const next = waiting.find(({ after = [] }) => !after.some(isOpen));
    return next?.alone === true && running.size > 0 ? undefined : next;
  };

  return new Promise((resolve) => {
    const startMore = (): void => {
      for (let step = startable(); step !== undefined; step = startable()) start(step);
      if (running.size === 0) resolve({ failed });
    };
    const start = (step: Step): void => {
      waiting.splice(waiting.indexOf(step), 1);
      running.add(step);
      console.log(`=== ${step.name}`);
      const startedAt = performance.now();
      const ended = ({ passed, output }: Ended): void => {
        const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
        process.stdout.write(output);
        console.log(`=== ${step.name}: ${passed ? 'passed' : 'FAILED'} in ${seconds} s\n`);
        if (!passed) failed.push(step.name);
        running.delete(step);
        startMore();
      };
      void run(step, cwd).then(ended);
    };
    startMore();
  });
}

interface Ended {
  readonly passed: boolean;
  /** Output of both streams in order of arrival. Empty if the step printed its output itself. */
  readonly output: string;
}

function run({ command: [program = '', ...args], alone }: Step, cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      stdio: alone === true ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.on('error', (error) => resolve({ passed: false, output: `${error.message}\n` }));
    child.on('close', (code) => resolve({ passed: code === 0, output }));
  });
}
