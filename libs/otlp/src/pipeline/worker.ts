import { parentPort, workerData } from 'node:worker_threads';
import type { SendingOptions } from './pipeline-options.js';
import { createRunner } from './runner.js';
import type { ToRunner } from './runner-messages.js';
import type { WorkerStart } from './worker-thread.js';

/** The thread's own entry: the port keeps it alive until its host ends it. */
if (parentPort !== null) {
  const port = parentPort;
  const { memory, options } = workerData as WorkerStart<SendingOptions>;
  const runner = createRunner({
    memory,
    sending: options,
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    emit: (message) => port.postMessage(message),
  });
  port.on('message', (message: ToRunner) => runner.tell(message));
}
