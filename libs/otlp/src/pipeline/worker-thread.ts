import { Worker } from 'node:worker_threads';
import type { FromRunner } from './runner-messages.js';
import type { RunnerEvents, RunnerThread } from './runner-host.js';
import type { RunnerStart } from './runner.js';

export interface WorkerEntry {
  /** Default: `worker.js` beside this file. For bundles, which must emit it themselves. */
  readonly entry?: URL;
  /** Default: none of the process' own, such as `--import`, which belong to the application. */
  readonly execArgv?: readonly string[];
}

/** Starts the runner on a thread of its own, which never keeps the process alive. */
export function startWorker(
  { entry = new URL('./worker.js', import.meta.url), execArgv = [] }: WorkerEntry,
  start: RunnerStart,
  { onMessage, onEnd }: RunnerEvents,
): RunnerThread {
  let ready = false;
  let reason: string | undefined;
  let worker: Worker;
  const ended = (): void => onEnd(ready ? (reason ?? 'exit') : 'cannot_start');
  try {
    worker = new Worker(entry, {
      name: 'nestlens-otlp',
      workerData: start,
      execArgv: [...execArgv],
      // A host that has set --require or loaders for itself does not mean this thread.
      env: { ...process.env, NODE_OPTIONS: '' },
      stdin: false,
    });
  } catch {
    queueMicrotask(ended);
    return { tell: () => {}, end: () => Promise.resolve() };
  }
  worker.on('message', (message: FromRunner) => {
    if (message.kind === 'ready') ready = true;
    onMessage(message);
  });
  worker.on('messageerror', () => void worker.terminate());
  // An error is always followed by the exit.
  worker.on('error', (error: unknown) => {
    reason = (error as { code?: string } | undefined)?.code ?? 'error';
  });
  worker.once('exit', ended);
  // Last: a listener would keep the process alive again.
  worker.unref();
  return {
    tell(message) {
      try {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        worker.postMessage(message);
      } catch {
        // It would never know what it missed; the next one is told all of it.
        reason = 'untold';
        void worker.terminate();
      }
    },
    async end() {
      await worker.terminate();
    },
  };
}
