import type { ExportWorker, WorkerStart } from './export-worker.js';
import type { ToWorker } from './worker-messages.js';
import { codeOf, refusal } from './worker-supervisor.js';
import type { WorkerEvents, WorkerThread } from './worker-supervisor.js';

let loaded: typeof import('./export-worker.js') | undefined;

/**
 * Runs the worker on the loop of the application, behind the same messages as on a thread. What sends is loaded by the
 * first call, since an application that has a thread never needs it on its loop; until then messages wait. Throws what the
 * worker throws, or gives it to `onEnd` where it had to be loaded.
 */
export function startInline(start: WorkerStart, { onMessage, onEnd }: WorkerEvents): WorkerThread {
  const waiting: ToWorker[] = [];
  let worker: ExportWorker | undefined;
  let isOver = false;

  async function load(): Promise<void> {
    try {
      loaded = await import('./export-worker.js');
      if (isOver) return;
      worker = new loaded.ExportWorker(start, onMessage);
    } catch (error) {
      onEnd({ ...refusal(codeOf(error)), error });
      return;
    }
    for (const message of waiting.splice(0)) worker.tell(message);
  }

  if (loaded === undefined) void load();
  else worker = new loaded.ExportWorker(start, onMessage);
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
