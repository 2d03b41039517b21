import { createRunner } from './runner.js';
import type { RunnerOptions } from './runner.js';
import type { RunnerEvents, RunnerThread } from './runner-host.js';

/** The runner on the loop of the application, behind the same messages as in a worker. */
export function startInline(
  options: Omit<RunnerOptions, 'emit'>,
  { onMessage }: RunnerEvents,
): RunnerThread {
  const runner = createRunner({ ...options, emit: onMessage });
  return {
    tell: (message) => runner.tell(message),
    end: async () => runner.end(),
  };
}
