import { Backoff } from '../send/backoff.js';
import { systemClock } from '../send/sender.js';
import type { Clock } from '../send/sender.js';
import { HeapBatches } from './heap-batches.js';
import type { HeapBatch } from './heap-queue.js';
import type { Signal } from '../wire/model.js';
import type { FlushMark, FromWorker, HeaderAnswer, ToWorker } from './worker-messages.js';

/** An export worker on its thread; `end` resolves when the thread is gone. */
export interface WorkerThread {
  tell(message: ToWorker): void;
  end(): Promise<void>;
}

/** How a thread ended by itself; `refused`: before it worked. */
export interface ThreadEnd {
  readonly kind: 'refused' | 'ended';
  /** Node's code, or ours. */
  readonly reason: string;
  /** The error that kept the loop from sending. */
  readonly error?: unknown;
}

export function refusal(reason: string): ThreadEnd {
  return { kind: 'refused', reason };
}

/** The code of a thrown value, or the name of its class. */
export function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : 'error';
}

/** The events of a thread. `onEnd` is called once where it ended without being asked to. */
export interface WorkerEvents {
  readonly onMessage: (message: FromWorker) => void;
  readonly onEnd: (end: ThreadEnd) => void;
}

/** Calls `work` in a context of its own, which timers, sockets and promises made by it keep. */
export type Aside = <T>(work: () => T) => T;

type Question = FromWorker & { readonly kind: 'headers' };
export type Told = Exclude<FromWorker, Question>;

interface SupervisorOptions {
  /** Undefined for `worker: false`. */
  readonly startWorker: ((events: WorkerEvents) => WorkerThread) | undefined;
  readonly startInline: (events: WorkerEvents) => WorkerThread;
  /** Asks the application's functions. Never rejects. */
  readonly askHeaders: (signal: Signal) => Promise<HeaderAnswer>;
  /** Gets all messages except questions for headers. */
  readonly onMessage: (message: Told) => void;
  /** There is no thread now, and nothing is sent until one can be started. */
  readonly onFailure: (error: unknown) => void;
  /** A thread ended by itself, or could not be made; called before the next one is started. */
  readonly onDeath: (end: ThreadEnd, isInline: boolean) => void;
  /** Runs all that a thread does on this loop: see `PipelineOptions.aside`. Default: as it comes. */
  readonly aside?: Aside;
  /** Default: the real time. */
  readonly clock?: Clock;
}

const asItComes: Aside = (work) => work();

/** After three deaths within a minute no thread is started again: the worker runs inline. */
const MAX_DEATHS = 3;
const DEATHS_WITHIN_MS = 60_000;
/** The pauses between attempts to start, if neither a thread nor the inline worker can be made. */
const RESTART = new Backoff({ firstMs: 1000, maxMs: 30_000 });

/**
 * Keeps one export worker running. A thread that died is replaced, and the new one is told what the old one left undone:
 * heap batches, flushes, a shutdown. Where no thread can start, the worker runs inline, on the loop of the application.
 */
export class WorkerSupervisor {
  readonly heap = new HeapBatches();
  readonly #options: SupervisorOptions;
  /** The last headers that each signal's functions gave. */
  readonly #headers: Partial<Record<Signal, HeaderAnswer>> = {};
  readonly #flushes = new Map<number, { readonly mark: FlushMark; readonly done: () => void }>();
  readonly #clock: Clock;
  #deaths: number[] = [];
  #shutdown: (ToWorker & { readonly kind: 'shutdown' }) | undefined;
  #closed = Promise.withResolvers<void>();
  #thread: WorkerThread | undefined;
  #isInline: boolean;
  #isOver = false;
  #flushId = 0;
  #failures = 0;
  #cancelStart = (): void => {};

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#isInline = options.startWorker === undefined;
  }

  get isInline(): boolean {
    return this.#isInline;
  }

  /** A worker runs, so heap batches and slabs may be in its hands. */
  get isRunning(): boolean {
    return this.#thread !== undefined;
  }

  /** Starts a worker unless one runs. If that fails, it is tried again until it works. Without effect after `end`. */
  start(): void {
    if (this.#thread !== undefined || this.#isOver) return;
    this.#cancelStart();
    // The thread may end, or report something, before `#make` returns it.
    let thread: WorkerThread | undefined;
    let ended = false;
    const events: WorkerEvents = {
      onMessage: (message) => {
        if (message.kind === 'headers') void this.#answer(message, () => thread);
        else this.#hear(message);
      },
      onEnd: (end) => {
        if (ended) return;
        ended = true;
        this.#replace(end);
      },
    };
    thread = this.#make(events);
    if (thread === undefined) return;
    this.#thread = thread;
    for (const batch of this.heap) thread.tell({ kind: 'offer', batch });
    for (const [id, { mark }] of this.#flushes) thread.tell({ kind: 'flush', id, mark });
    if (this.#shutdown !== undefined) thread.tell(this.#shutdown);
  }

  /** Makes a thread, or an inline worker if no thread can be made. Returns undefined if neither can be made now. */
  #make(events: WorkerEvents): WorkerThread | undefined {
    const { startWorker, startInline, onDeath } = this.#options;
    if (startWorker !== undefined && !this.#isInline) {
      try {
        return this.#aside(() => startWorker(events));
      } catch (error) {
        this.#isInline = true;
        onDeath(refusal(codeOf(error)), true);
      }
    }
    try {
      return this.#aside(() => startInline(events));
    } catch (error) {
      return this.#failed(error);
    }
  }

  #aside(start: () => WorkerThread): WorkerThread {
    const { aside = asItComes } = this.#options;
    const thread = aside(start);
    return {
      tell: (message) => aside(() => thread.tell(message)),
      end: () => aside(() => thread.end()),
    };
  }

  offer(batch: HeapBatch): void {
    this.heap.add(batch);
    this.#thread?.tell({ kind: 'offer', batch });
  }

  tell(message: ToWorker): void {
    this.#thread?.tell(message);
  }

  /** Resolves when everything before the mark is settled. */
  flush(mark: FlushMark): Promise<void> {
    const id = (this.#flushId += 1);
    return new Promise((done) => {
      this.#flushes.set(id, { mark, done });
      this.#thread?.tell({ kind: 'flush', id, mark });
    });
  }

  /** Resolves when the worker is closed. */
  shutdown(mark: FlushMark): Promise<void> {
    if (this.#shutdown === undefined) {
      this.#shutdown = { kind: 'shutdown', mark };
      this.#thread?.tell(this.#shutdown);
      // The shutdown has a deadline, so the pauses between attempts to start begin anew, short.
      this.#failures = 0;
      this.start();
    }
    return this.#closed.promise;
  }

  /**
   * For a process that is about to end. The worker drains and closes while this thread is blocked, so it gets the last
   * headers now: nobody can answer its questions later. Returns false if no worker thread runs.
   */
  drain(mark: FlushMark): boolean {
    if (this.#thread === undefined || this.#isInline) return false;
    this.#thread.tell({ kind: 'alone', headers: this.#headers });
    this.#shutdown ??= { kind: 'shutdown', mark };
    this.#thread.tell(this.#shutdown);
    return true;
  }

  /** Ends the thread, whatever it is doing. */
  async end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#isOver = true;
    this.#cancelStart();
    await thread?.end();
  }

  /** Only the worker that asked gets the answer. Another one uses the same ids for other questions. */
  async #answer({ id, signal }: Question, askerOf: () => WorkerThread | undefined): Promise<void> {
    const { askHeaders, aside = asItComes } = this.#options;
    const headers = await aside(() => askHeaders(signal));
    if (headers !== 'failed') this.#headers[signal] = headers;
    const asker = askerOf();
    if (asker !== undefined && asker === this.#thread) asker.tell({ kind: 'headers', id, headers });
  }

  /** Files that were there when the pipeline was made may be gone, and come back. */
  #failed(error: unknown): undefined {
    // The next attempt begins with a thread again, since the inline worker failed too.
    this.#isInline = this.#options.startWorker === undefined;
    this.#failures += 1;
    this.#cancelStart = this.#clock.after(RESTART.afterMs(this.#failures), () => this.start());
    this.#options.onFailure(error);
  }

  #hear(message: Told): void {
    if (message.kind === 'ready') this.#failures = 0;
    if (message.kind === 'taken') this.heap.taken(message.id);
    if (message.kind === 'freed') this.heap.settled(message.id);
    if (message.kind === 'flushed') {
      this.#flushes.get(message.id)?.done();
      this.#flushes.delete(message.id);
    }
    if (message.kind === 'closed') this.#closed.resolve();
    this.#options.onMessage(message);
  }

  #replace(end: ThreadEnd): void {
    // `end` was called.
    if (this.#thread === undefined) return;
    this.#thread = undefined;
    if (this.#isInline) return this.#failed(end.error);
    if (this.#mustGoInline(end)) this.#isInline = true;
    this.#options.onDeath(end, this.#isInline);
    this.start();
  }

  #mustGoInline({ kind }: ThreadEnd): boolean {
    if (kind === 'refused') return true;
    const now = this.#clock.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < DEATHS_WITHIN_MS), now];
    return this.#deaths.length >= MAX_DEATHS;
  }
}
