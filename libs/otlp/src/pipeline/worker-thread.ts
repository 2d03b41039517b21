import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';
import type { TransportConfigErrorCode } from '../pool/config-error.js';
import type { FromWorker } from './worker-messages.js';
import { codeOf, refusal } from './worker-supervisor.js';
import type { WorkerEvents, WorkerThread, ThreadEnd } from './worker-supervisor.js';
import type { WorkerStart } from './export-worker.js';
import type { ResolvedWorker, SpawnWorker, WorkerEntry } from './pipeline-options.js';

function fileOf(entry: URL | string): URL | string {
  if (typeof entry !== 'string') return entry;
  return /^(file|data):/.test(entry) ? new URL(entry) : resolve(entry);
}

/**
 * Room for new objects of the thread, in MiB. Bytes are in shared memory and buffers outside of the heap, so that little is
 * new; without a limit V8 lets the room grow to three times 16 MiB under load, and keeps it.
 */
const YOUNG_MIB = 4;

const OPTION_FAULTS: ReadonlySet<string> = new Set<TransportConfigErrorCode>([
  'endpoint',
  'tls',
  'headers',
  'proxy',
  'pool',
]);

/**
 * The line that is logged where the loop of the application has to send; the remedy depends on who refused. Undefined where the
 * thread could be had, but found an option wrong, such as a file that is gone: the loop then finds the same.
 */
function refusedText({ kind, reason }: ThreadEnd): string | undefined {
  if (kind !== 'refused' || OPTION_FAULTS.has(reason)) return undefined;
  const remedy =
    reason === 'ERR_ACCESS_DENIED'
      ? 'start Node with --allow-worker'
      : "a bundle must emit the worker's file, beside itself or where otlp.worker.entry names it";
  return `the export worker cannot be started (${reason}); sending from the main thread: ${remedy}`;
}

/** The line about a thread that ended by itself, or could not be had. */
export function endWords(end: ThreadEnd, isInline: boolean): { cause: string; text: string } {
  const refused = refusedText(end);
  if (refused !== undefined) return { cause: 'worker_refused', text: refused };
  const now = isInline ? 'sending from the main thread' : 'another was started';
  return { cause: 'worker', text: `the export worker ended (${end.reason}); ${now}` };
}

/**
 * Starts the worker on a thread of its own, which never keeps the process alive. Throws where the host refuses: without
 * `--allow-worker` under `--permission`, beyond its limits, or where no file of a worker is known.
 */
export function startWorker(
  { entry, execArgv = [], spawn, env }: ResolvedWorker,
  start: WorkerStart,
  { onMessage, onEnd }: WorkerEvents,
): WorkerThread {
  let ready = false;
  let reason: string | undefined;
  const worker = threadOf(entry, spawn, {
    name: 'nestlens-otlp',
    workerData: start,
    execArgv: [...execArgv],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    env,
    stdin: false,
  });
  function ended(): void {
    onEnd(ready ? { kind: 'ended', reason: reason ?? 'exit' } : refusal(reason ?? 'exit'));
  }
  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'ready') ready = true;
    onMessage(message);
  });
  worker.on('messageerror', () => void worker.terminate());
  // An error is always followed by the exit.
  worker.on('error', (error: unknown) => {
    reason = codeOf(error);
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

function threadOf(
  entry: WorkerEntry['entry'],
  spawn: SpawnWorker | undefined,
  options: WorkerOptions,
): Worker {
  if (entry !== undefined) return new Worker(fileOf(entry), options);
  if (spawn !== undefined) return spawn(options);
  throw Object.assign(new Error('there is no file of a worker'), { code: 'no_worker_file' });
}
