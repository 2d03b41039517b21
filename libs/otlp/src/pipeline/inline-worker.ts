import type { ExportWorker, WorkerStart } from './export-worker.js';
import type { ToWorker } from './worker-messages.js';
import { codeOf, refusal } from './worker-supervisor.js';
import type { WorkerEvents, WorkerThread } from './worker-supervisor.js';

/**
 * Runs the worker on the loop of the application, behind the same messages as on a thread. All that sends is loaded now:
 * an application that has a thread never needs it on its loop. `onEnd` is called with the error where it cannot work.
 */
export function startInline(start: WorkerStart, { onMessage, onEnd }: WorkerEvents): WorkerThread {
  const waiting: ToWorker[] = [];
  let worker: ExportWorker | undefined;
  let isOver = false;

  async function run(): Promise<void> {
    try {
      const loaded = await import('./export-worker.js');
      if (isOver) return;
      worker = new loaded.ExportWorker(start, onMessage);
    } catch (error) {
      isOver = true;
      onEnd({ ...refusal(codeOf(error)), error });
      return;
    }
    for (const message of waiting.splice(0)) worker.tell(message);
  }

  void run();
  return {
    tell(message) {
      if (worker === undefined) waiting.push(message);
      else worker.tell(message);
    },
    async end() {
      isOver = true;
      await worker?.end();
    },
  };
}
