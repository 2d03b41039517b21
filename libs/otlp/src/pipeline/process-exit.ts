import { HEADERS_TIMEOUT } from '../layers/fault.js';
import type { LedgerWriter } from '../ledger/ledger-writer.js';
import type { Ledger, LedgerSnapshot } from '../ledger/ledger.js';
import type { ItemCounts } from '../send/item-counts.js';
import { SIGNALS } from '../wire/model.js';
import type { SpoolSettings } from './pipeline-options.js';
import type { WorkerSupervisor } from './worker-supervisor.js';
import { WorkerPhase } from './worker-messages.js';
import type { ExporterState, FlushMark } from './worker-messages.js';
import { saveBefore, saveToDisk } from './save.js';
import type { Memory } from './save.js';

/** How long a worker whose time is over may take to write the rest to disk, or to count it. */
export const LET_GO_MS = 400;
/** How long a thread that has just been started may take to come up. */
const START_MS = 2000;
/** The ledger is looked at so often, in ms. */
const STEP_MS = 2;

const open = new Set<() => void>();
function exit(): void {
  for (const end of open) end();
}

/** Calls `end` in the `exit` event of the process: one listener for all pipelines. Returns how to take it back. */
export function atExit(end: () => void): () => void {
  // First, since another listener may call `process.exit()`, after which Node calls no more of them.
  if (open.size === 0) process.prependListener('exit', exit);
  open.add(end);
  return () => {
    open.delete(end);
    if (open.size === 0) process.off('exit', exit);
  };
}

/** The belongings of a pipeline that ends. */
interface Held {
  readonly memory: Memory;
  readonly counts: LedgerWriter;
  readonly ledger: Pick<Ledger, 'snapshot'>;
  readonly spool: SpoolSettings | undefined;
}

interface EndingPipeline extends Held {
  readonly worker: Pick<WorkerSupervisor, 'drain' | 'tell'>;
  /** {@link WorkerPhase} of the worker. */
  readonly phase: Int32Array;
  readonly exporters: readonly ExporterState[];
}

/**
 * The end of a pipeline in a process whose loop gets no turn any more:
 *
 * 1. The worker sends queued items, for at most `timeoutMs` from when it has come up; not where the collector is known to be away.
 * 2. The worker gives the rest to the spool, or counts it.
 * 3. What a worker that hangs still holds, or has never been started for, goes to disk from here, or is counted.
 */
export function endSync(pipeline: EndingPipeline, mark: FlushMark, timeoutMs: number): void {
  const { worker, memory, counts, spool, exporters } = pipeline;
  function phaseOf(): number {
    return Atomics.load(pipeline.phase, 0);
  }
  function isOver(): boolean {
    return (
      phaseOf() === WorkerPhase.CLOSED ||
      (spool === undefined && isEmpty(pipeline.ledger.snapshot()))
    );
  }
  if (!isOver() && worker.drain(mark)) {
    const isAway = exporters.length > 0 && exporters.every(({ breaker }) => isPeerAway(breaker));
    // Loading the thread is none of the time for sending: a seed may end before the thread has come up.
    waited(() => phaseOf() !== WorkerPhase.STARTING || isOver(), pipeline.phase, START_MS);
    if (!waited(isOver, pipeline.phase, isAway ? 0 : timeoutMs)) {
      worker.tell({ kind: 'abort' });
      waited(isOver, pipeline.phase, LET_GO_MS);
    }
  }
  const inHand = itemsInHand(memory);
  if (spool !== undefined && spool.onCrash !== false && !isEmpty(pipeline.ledger.snapshot())) {
    saveToDisk(spool.directory, memory, counts);
  }
  countLeft(pipeline, inHand);
}

/** After a shutdown, when the thread is gone: what it left goes to disk until `grace` aborts, or is counted. */
export async function keepOrCount(held: Held, grace: AbortSignal): Promise<void> {
  const { memory, counts, ledger, spool } = held;
  const inHand = itemsInHand(memory);
  if (spool !== undefined && !isEmpty(ledger.snapshot())) {
    await saveBefore(grace, spool.directory, memory, counts);
  }
  countLeft(held, inHand);
}

/** Asked before anything is saved: a save takes all there is, and forgets who had it. */
function itemsInHand({ reader, worker }: Memory): ItemCounts {
  const slabs = reader.inHand();
  const heap = worker.heap.inHand();
  return {
    traces: slabs.traces + heap.traces,
    metrics: slabs.metrics + heap.metrics,
    logs: slabs.logs + heap.logs,
  };
}

function countLeft({ counts, ledger }: Held, inHand: ItemCounts): void {
  const left = ledger.snapshot();
  if (isEmpty(left)) return;
  for (const signal of SIGNALS) {
    const { queued } = left[signal];
    const unknown = Math.min(queued, inHand[signal]);
    counts.dropped(signal, 'outcome_unknown', unknown);
    counts.dropped(signal, 'shutdown_deadline', queued - unknown);
  }
}

/** Not where only a function for headers took its time: its last answer may be there by now. */
function isPeerAway(breaker: ExporterState['breaker']): boolean {
  return breaker.kind !== 'closed' && breaker.reason !== HEADERS_TIMEOUT;
}

export function isEmpty(ledger: LedgerSnapshot): boolean {
  return SIGNALS.every((signal) => ledger[signal].queued === 0);
}

/** Holds this thread up until `isOver`, for `ms` at most. */
function waited(isOver: () => boolean, word: Int32Array, ms: number): boolean {
  const until = performance.now() + ms;
  while (!isOver()) {
    const left = until - performance.now();
    if (left <= 0) return false;
    Atomics.wait(word, 0, Atomics.load(word, 0), Math.min(STEP_MS, left));
  }
  return true;
}
