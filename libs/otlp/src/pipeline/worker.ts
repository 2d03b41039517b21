import { parentPort, workerData } from 'node:worker_threads';
import { ExportWorker } from './export-worker.js';
import type { WorkerStart } from './export-worker.js';
import type { ToWorker } from './worker-messages.js';

/** The thread's own entry: the port keeps it alive until the supervisor ends it. */
if (parentPort !== null) {
  const port = parentPort;
  const exportWorker = new ExportWorker(workerData as WorkerStart, (message) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    port.postMessage(message);
  });
  port.on('message', (message: ToWorker) => exportWorker.tell(message));
}
