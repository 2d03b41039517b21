import { parentPort, workerData } from 'node:worker_threads';
import { Runner } from './runner.js';
import type { RunnerStart } from './runner.js';
import type { ToRunner } from './runner-messages.js';

/** The thread's own entry: the port keeps it alive until its host ends it. */
if (parentPort !== null) {
  const port = parentPort;
  const runner = new Runner(workerData as RunnerStart, (message) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    port.postMessage(message);
  });
  port.on('message', (message: ToRunner) => runner.tell(message));
}
