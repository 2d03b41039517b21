import { createLedger } from '../ledger/ledger.js';
import type { LedgerSnapshot } from '../ledger/ledger.js';
import { LiveSpans, tellUnended } from '../ledger/live-spans.js';
import { createSelfLog, type SelfLog } from '../ledger/self-log.js';
import { allocateSlabs } from '../slab/memory.js';
import { SlabPool } from '../slab/slab-pool.js';
import { SlabReader } from '../slab/slab-reader.js';
import { SlabWriter } from '../slab/slab-writer.js';
import type { Succession } from '../spool/spool.js';
import { newToken } from '../spool/ownership.js';
import { SIGNALS, type Signal } from '../wire/model.js';
import { before, withDeadline } from './deadline.js';
import { HeaderFunctions } from './header-functions.js';
import type { WorkerStart } from './export-worker.js';
import { startInline } from './inline-worker.js';
import { LateStart, startsLate } from './late-start.js';
import { createDrop, type Drop } from './drops.js';
import { TruncationLog } from './truncation.js';
import { createSdkComponents, type SdkComponents } from './sdk-components.js';
import { reservedSlabs } from './pipeline-options.js';
import type { ResolvedPipelineOptions } from './pipeline-options.js';
import type { FlushResult, Pipeline, PipelineStats, ShutdownReport } from './pipeline.js';
import { WorkerSupervisor } from './worker-supervisor.js';
import type { ThreadEnd, Told } from './worker-supervisor.js';
import { pendingBefore, reclaim, saveToDisk } from './save.js';
import type { Memory } from './save.js';
import { atExit, endSync, isEmpty, keepOrCount, LET_GO_MS } from './process-exit.js';
import { createSelfMetrics } from './self-metrics.js';
import { endWords, startWorker } from './worker-thread.js';
import type { FlushMark } from './worker-messages.js';
import { WorkerReport } from './worker-report.js';

/** The longest that a shutdown takes beyond its deadline, all together: it promises a second. */
const GRACE_MS = 900;
/** The longest that its thread takes to end. */
const END_MS = 200;
/** Share of the memory that batches outside the slabs may have. */
const HEAP_SHARE = 4;

export class OtlpPipeline implements Pipeline {
  readonly spanProcessor: Pipeline['spanProcessor'];
  readonly logRecordProcessor: Pipeline['logRecordProcessor'];
  readonly metricExporter: Pipeline['metricExporter'];
  readonly #options: ResolvedPipelineOptions;
  readonly #ledger = createLedger();
  readonly #counts = this.#ledger.writer('main');
  readonly #live = new LiveSpans();
  readonly #pool: SlabPool;
  readonly #reader: SlabReader;
  readonly #writer: SlabWriter;
  readonly #worker: WorkerSupervisor;
  readonly #thread: LateStart;
  readonly #headers: HeaderFunctions;
  readonly #memory: Memory;
  readonly #components: SdkComponents;
  readonly #log: SelfLog;
  readonly #truncated: TruncationLog;
  readonly #metrics: ReturnType<typeof createSelfMetrics>;
  readonly #drop: Drop;
  readonly #workers: string[] = [];
  readonly #report = new WorkerReport();
  #replaced = 0;
  readonly #phase = new Int32Array(new SharedArrayBuffer(4));
  #forgetExit = (): void => {};
  #heapId = 0;
  #state: 'new' | 'started' | 'ended' = 'new';
  #shutdown: Promise<ShutdownReport> | undefined;

  constructor(options: ResolvedPipelineOptions) {
    this.#options = options;
    this.#log = createSelfLog({ write: options.log });
    this.#drop = createDrop(this.#counts, this.#log);
    const memory = allocateSlabs(options);
    this.#pool = new SlabPool(memory);
    this.#reader = new SlabReader(this.#pool);
    this.#writer = new SlabWriter(this.#pool, {
      dropPolicy: options.dropPolicy,
      reserved: reservedSlabs(options, memory.slabCount),
      onDrop: this.#drop,
    });
    const { sending, worker } = options;
    this.#headers = new HeaderFunctions(options.headerFunctions, this.#ledger);
    const given = { memory, ledger: this.#ledger.buffer, sending, phase: this.#phase };
    const start = (): WorkerStart => ({ ...given, succession: this.#succeed() });
    this.#worker = new WorkerSupervisor({
      startWorker: worker === false ? undefined : (events) => startWorker(worker, start(), events),
      startInline: (events) => startInline(start(), events),
      askHeaders: (signal) => this.#headers.ask(signal),
      onMessage: (message) => this.#hear(message),
      onFailure: (error) =>
        this.#log.log('error', 'runner', `nothing can be sent: ${String(error)}; trying again`),
      onDeath: (end, isInline) => this.#onWorkerExit(end, isInline),
      aside: options.aside,
    });
    // The first batch is due when the thread has come up.
    const afterMs = options.sending.sealAfterMs / 2;
    this.#thread = new LateStart({ begin: () => this.#worker.start(), afterMs });
    this.#memory = { pool: this.#pool, reader: this.#reader, worker: this.#worker };
    this.#components = createSdkComponents(options, {
      writer: this.#writer,
      live: this.#live,
      created: (signal, items) => {
        this.#counts.created(signal, items);
        this.#thread.made(items);
      },
      drop: this.#drop,
      offer: (signal, bytes, items) => this.#offer(signal, bytes, items),
      flush: () => this.flush(),
      shutdown: () => this.shutdown(),
    });
    this.spanProcessor = this.#components.spanProcessor;
    this.logRecordProcessor = this.#components.logRecordProcessor;
    this.metricExporter = this.#components.metricExporter;
    this.#truncated = new TruncationLog(this.#components.truncated, this.#log);
    this.#metrics = createSelfMetrics(options, {
      ledger: this.#ledger,
      live: this.#live,
      exporters: () => this.#report.stats.exporters,
      truncated: this.#components.truncated,
    });
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    if (this.#options.listensToExit) this.#forgetExit = atExit(() => void this.exit());
    if (startsLate(this.#options)) return this.#thread.wait();
    this.#thread.stop();
    this.#worker.start();
  }

  async flush(signal?: AbortSignal): Promise<FlushResult> {
    if (this.#shutdown !== undefined) {
      await this.#shutdown;
      return { kind: 'done' };
    }
    return withDeadline(signal, this.#options.flushTimeoutMs, (deadline) =>
      this.#headers.during(() => this.#flush(deadline)),
    );
  }

  shutdown(signal?: AbortSignal): Promise<ShutdownReport> {
    return (this.#shutdown ??= withDeadline(signal, this.#options.shutdownTimeoutMs, (deadline) =>
      this.#end(deadline),
    ));
  }

  save(): boolean {
    const { spool } = this.#options.sending;
    if (spool === undefined) return false;
    this.#seal();
    return saveToDisk(spool.directory, this.#memory, this.#counts);
  }

  exit(timeoutMs = this.#options.exitTimeoutMs): LedgerSnapshot {
    if (this.#state !== 'ended') {
      this.#components.close();
      this.#components.force();
      const mark = this.#seal();
      if (!this.#isEmpty()) this.#thread.now();
      this.#thread.stop();
      const runner = {
        worker: this.#worker,
        phase: this.#phase,
        exporters: this.#report.stats.exporters,
      };
      endSync({ ...this.#held(), ...runner }, mark, timeoutMs);
      this.#state = 'ended';
    }
    return this.#ledger.snapshot();
  }

  stats(): PipelineStats {
    const { count, slabBytes } = this.#pool;
    const used = this.#pool.used();
    const running = this.#worker.isInline ? 'inline' : 'worker';
    const isRunning = this.#worker.isRunning || this.#thread.isWaiting;
    return {
      ledger: this.#ledger.snapshot(),
      slabs: { used, count, bytes: used * slabBytes },
      runner: isRunning ? running : 'none',
      liveSpans: this.#live.sampled,
      replaced: this.#replaced,
      ...this.#report.stats,
    };
  }

  async #flush(deadline: AbortSignal): Promise<FlushResult> {
    await before(this.#components.opened(), deadline);
    const mark = this.#seal();
    // Where everything goes by way of the disk the worker may have some there.
    const isThrough = this.#options.sending.spool?.durable !== 'always' || this.#state === 'new';
    if (isThrough && this.#isEmpty()) return { kind: 'done' };
    this.start();
    this.#thread.now();
    const kind = (await before(this.#worker.flush(mark), deadline)) ? 'unreachable' : 'deadline';
    const pending = pendingBefore(mark, this.#memory);
    const isLeft = kind === 'deadline' || SIGNALS.some((signal) => pending[signal] > 0);
    return isLeft ? { kind, pending } : { kind: 'done' };
  }

  async #end(deadline: AbortSignal): Promise<ShutdownReport> {
    const startedAt = performance.now();
    this.#headers.end();
    // 1. Refuse new items: a drain must have an end.
    this.#components.close();
    tellUnended(this.#live, this.#log);
    this.#truncated.tell();
    // 2. Encode items that wait for a resource, then seal: from here on everything is in slabs and batches.
    await before(this.#components.opened(), deadline);
    this.#components.force();
    const mark = this.#seal();
    let closed: Promise<void> | undefined;
    let inTime = true;
    // A thread that is still starting up, with nothing to do and no spool to close, is not waited for.
    if (!this.#isEmpty() || (this.#state === 'started' && this.#options.sending.spool)) {
      this.start();
      this.#thread.now();
      // 3. The worker stops waiting in retry, drains, spools or gives up the rest at the deadline, closes its pools.
      closed = this.#worker.shutdown(mark);
      inTime = await before(closed, deadline);
    }
    await withDeadline(undefined, GRACE_MS, (grace) =>
      this.#letGo(inTime ? undefined : closed, grace),
    );
    // 6. Report, which logs drops too.
    this.#forgetExit();
    this.#metrics.stop();
    const durationMs = performance.now() - startedAt;
    return { kind: inTime ? 'done' : 'deadline', durationMs, ledger: this.#ledger.snapshot() };
  }

  /** `late`: the end of a worker that is still at it. */
  async #letGo(late: Promise<void> | undefined, grace: AbortSignal): Promise<void> {
    if (late !== undefined) {
      this.#worker.tell({ kind: 'abort' });
      await withDeadline(undefined, LET_GO_MS, (letGo) => before(late, letGo));
    }
    this.#thread.stop();
    // 4. The thread goes, whether it said that it is done or not.
    await withDeadline(undefined, END_MS, (letGo) => before(this.#worker.end(), letGo));
    this.#state = 'ended';
    // 5. What a thread that hung still held goes to disk from here, if the disk did not make it hang, or is counted.
    await keepOrCount(this.#held(), grace);
  }

  #held() {
    const { spool } = this.#options.sending;
    return { memory: this.#memory, counts: this.#counts, ledger: this.#ledger, spool };
  }

  #hear(message: Told): void {
    if (message.kind === 'state') this.#report.state(message);
    if (message.kind === 'started') this.#metrics.started(message);
    if (message.kind === 'warning') this.#log.log('warn', message.cause, message.message);
    if (message.kind !== 'ended') return;
    this.#report.ended(message.operation);
    this.#truncated.tell();
    this.#metrics.ended(message);
  }

  /** A worker died, or cannot be had: what it was sending waits again, and may arrive twice. */
  #onWorkerExit(end: ThreadEnd, isInline: boolean): void {
    this.#replaced += 1;
    // The records that it had on disk stay there, for the next worker to find.
    reclaim(this.#memory, this.#counts);
    this.#metrics.abandoned();
    const { cause, text } = endWords(end, isInline);
    this.#log.log('warn', cause, text);
  }

  #succeed(): Succession {
    const succession = { token: newToken(), gone: [...this.#workers] };
    this.#workers.push(succession.token);
    return succession;
  }

  /** Takes bytes that are no slab's; they are copied to memory that a worker can read. */
  #offer(signal: Signal, bytes: Uint8Array, items: number): void {
    if (this.#state === 'ended') return this.#drop(signal, 'already_shutdown', items);
    if (this.#worker.heap.bytes + bytes.length > this.#options.maxBytes / HEAP_SHARE) {
      return this.#drop(signal, 'queue_full', items);
    }
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    const id = this.#heapId++;
    this.#counts.handed(signal, items);
    this.#worker.offer({ id, signal, items, bytes: bytes.length, chunks: [shared] });
  }

  #seal(): FlushMark {
    return { sequence: this.#writer.seal(), heap: this.#heapId };
  }

  /** Asks the ledger too, which the sending thread writes just after it gave the memory back. */
  #isEmpty(): boolean {
    if (this.#pool.used() > 0 || this.#worker.heap.bytes > 0) return false;
    return isEmpty(this.#ledger.snapshot());
  }
}
