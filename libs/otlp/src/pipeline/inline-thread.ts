import { Runner } from './runner.js';
import type { RunnerStart } from './runner.js';
import type { RunnerEvents, RunnerThread } from './runner-host.js';

/** The runner on the loop of the application, behind the same messages as in a worker. */
export function startInline(start: RunnerStart, { onMessage }: RunnerEvents): RunnerThread {
  const runner = new Runner(start, onMessage);
  return {
    tell: (message) => runner.tell(message),
    end: () => runner.end(),
  };
}
