import { createLogRecordEncoder, createSpanEncoder } from '../encode/item-encoder.js';
import { createMetricEncoder } from '../encode/metric-encoder.js';
import type { SlabMemory } from '../slab/memory.js';
import { allocateSlabs, signals } from '../slab/memory.js';
import { SlabPool } from '../slab/slab-pool.js';
import { SlabReader } from '../slab/slab-reader.js';
import { SlabWriter } from '../slab/slab-writer.js';
import type { Signal } from '../wire/model.js';
import { Account } from './account.js';
import { before, withDeadline } from './deadline.js';
import type { Marks } from './export-loop.js';
import { startInline } from './inline-thread.js';
import { Intake } from './intake.js';
import { createLogRecordProcessor, isErrorRecord } from './log-record-processor.js';
import { createMetricExporter } from './metric-exporter.js';
import { onceAMinute } from './once-a-minute.js';
import type { Part } from './part.js';
import type { ResolvedPipelineOptions } from './pipeline-options.js';
import type { FlushResult, Pipeline, PipelineStats, ShutdownReport } from './pipeline.js';
import { RunnerHost } from './runner-host.js';
import type { FromRunner, LaneState } from './runner-messages.js';
import { settleInto } from './settle-into.js';
import { createSpanProcessor, isErrorSpan } from './span-processor.js';
import { startWorker } from './worker-thread.js';

/** How long a runner whose deadline is over may take to say what it gave up. */
const LET_GO_MS = 500;
/** Share of the memory that batches outside the slabs may have. */
const OWN_SHARE = 4;

type LiveIntake = Pick<Intake<never>, 'opened' | 'close' | 'force'>;

export class OtlpPipeline implements Pipeline {
  readonly spanProcessor: Pipeline['spanProcessor'];
  readonly logRecordProcessor: Pipeline['logRecordProcessor'];
  readonly metricExporter: Pipeline['metricExporter'];
  readonly #options: ResolvedPipelineOptions;
  readonly #memory: SlabMemory;
  readonly #pool: SlabPool;
  readonly #reader: SlabReader;
  readonly #writer: SlabWriter;
  readonly #host: RunnerHost;
  readonly #account = new Account();
  readonly #mayBeTwice = { traces: 0, metrics: 0, logs: 0 };
  readonly #intakes: LiveIntake[] = [];
  /** Parts that are in use. */
  readonly #parts = new Set<Signal>();
  readonly #warn: (cause: string, message: string) => void;
  #lanes: readonly LaneState[] = [];
  #replaced = 0;
  #ownId = 0;
  #state: 'new' | 'started' | 'ended' = 'new';
  #shutdown: Promise<ShutdownReport> | undefined;

  constructor(options: ResolvedPipelineOptions) {
    this.#options = options;
    this.#warn = onceAMinute(options.warn);
    this.#memory = allocateSlabs(options);
    this.#pool = new SlabPool(this.#memory);
    this.#reader = new SlabReader(this.#pool);
    this.#writer = new SlabWriter(this.#pool, {
      dropPolicy: options.dropPolicy,
      onDrop: (signal, reason, items) => this.#drop(signal, reason, items),
    });
    this.#host = this.#createHost();
    const goes = new Set(options.sending.destinations.map(({ signal }) => signal));
    this.spanProcessor = goes.has('traces') ? this.#createSpanProcessor() : undefined;
    this.logRecordProcessor = goes.has('logs') ? this.#createLogRecordProcessor() : undefined;
    this.metricExporter = goes.has('metrics') ? this.#createMetricExporter() : undefined;
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    this.#host.start();
  }

  async flush(signal?: AbortSignal): Promise<FlushResult> {
    if (this.#shutdown !== undefined) {
      await this.#shutdown;
      return { kind: 'done' };
    }
    return withDeadline(signal, this.#options.flushTimeoutMs, (deadline) => this.#flush(deadline));
  }

  shutdown(signal?: AbortSignal): Promise<ShutdownReport> {
    return (this.#shutdown ??= withDeadline(signal, this.#options.shutdownTimeoutMs, (deadline) =>
      this.#finish(deadline),
    ));
  }

  stats(): PipelineStats {
    const { count, slabBytes } = this.#pool;
    const used = this.#pool.used();
    const running = this.#host.isInline ? 'inline' : 'worker';
    return {
      account: this.#accounts(),
      possibleDuplicates: { ...this.#mayBeTwice },
      slabs: { used, count, bytes: used * slabBytes },
      runner: this.#state === 'started' ? running : 'none',
      replaced: this.#replaced,
      lanes: this.#lanes,
    };
  }

  async #flush(deadline: AbortSignal): Promise<FlushResult> {
    await before(this.#opened(), deadline);
    const marks = this.#seal();
    if (this.#isEmpty()) return { kind: 'done' };
    this.start();
    if (await before(this.#host.flush(marks), deadline)) return { kind: 'done' };
    const pending = { ...this.#reader.pending(marks.sequence) };
    for (const { id, signal, items } of this.#host.own)
      if (id < marks.own) pending[signal] += items;
    return { kind: 'deadline', pending };
  }

  async #finish(deadline: AbortSignal): Promise<ShutdownReport> {
    const startedAt = performance.now();
    // 1. Refuse what is new: a drain must have an end.
    for (const intake of this.#intakes) intake.close();
    // 2. Encode what waits for a resource, then seal: from here on everything is in slabs and batches.
    await before(this.#opened(), deadline);
    for (const intake of this.#intakes) intake.force();
    const marks = this.#seal();
    let inTime = true;
    if (this.#state === 'started' || !this.#isEmpty()) {
      this.start();
      // 3. The runner stops waiting in retry, drains, spools or gives up the rest at the deadline, closes its pools.
      const closed = this.#host.shutdown(marks);
      inTime = await before(closed, deadline);
      if (!inTime) {
        this.#host.tell({ kind: 'abort' });
        await withDeadline(undefined, LET_GO_MS, (letGo) => before(closed, letGo));
      }
      // 4. The thread goes, whether it said that it is done or not.
      await this.#host.end();
    }
    this.#state = 'ended';
    // 5. Count what nobody told of, and report.
    for (const signal of signals) {
      const { queued } = this.#account.of(signal);
      if (queued > 0) this.#drop(signal, 'shutdown', queued);
    }
    return {
      kind: inTime ? 'done' : 'deadline',
      durationMs: performance.now() - startedAt,
      account: this.#accounts(),
    };
  }

  #createHost(): RunnerHost {
    const { sending, worker } = this.#options;
    const memory = this.#memory;
    return new RunnerHost({
      startWorker:
        worker === false
          ? undefined
          : (events) => startWorker(worker, { memory, options: sending }, events),
      startInline: (events) => startInline({ memory, sending }, events),
      reader: this.#reader,
      onMessage: (message) => this.#hear(message),
      onReplaced: (reason, items, inline) => {
        this.#replaced += 1;
        for (const signal of signals) this.#mayBeTwice[signal] += items[signal];
        const now = inline ? 'sending from the main thread' : 'started another';
        this.#warn('worker', `the export worker ended (${reason}); ${now}`);
      },
    });
  }

  #hear(message: FromRunner): void {
    switch (message.kind) {
      case 'settled':
        this.#mayBeTwice[message.signal] += message.mayBeTwice;
        return settleInto(this.#account, message);
      case 'state':
        this.#lanes = message.lanes;
        return;
      case 'headers':
        void this.#answer(message.id, message.signal);
        return;
      case 'warning':
        return this.#warn(message.cause, message.message);
      case 'ready':
      case 'flushed':
      case 'closed':
    }
  }

  async #answer(id: number, signal: Signal): Promise<void> {
    try {
      const functions = this.#options.headerFunctions[signal] ?? [];
      const answers = await Promise.all(functions.map(async (ask) => ask()));
      const headers = Object.assign({}, ...answers) as Record<string, string>;
      this.#host.tell({ kind: 'headers', id, headers });
    } catch {
      this.#host.tell({ kind: 'headers', id, headers: 'failed' });
    }
  }

  #createSpanProcessor(): Pipeline['spanProcessor'] {
    const intake = new Intake({
      ...this.#intakeOptions('traces'),
      createEncoder: () => createSpanEncoder(this.#options.encode),
      isError: isErrorSpan,
    });
    return createSpanProcessor(intake, this.#createPart('traces', intake));
  }

  #createLogRecordProcessor(): Pipeline['logRecordProcessor'] {
    const intake = new Intake({
      ...this.#intakeOptions('logs'),
      createEncoder: () => createLogRecordEncoder(this.#options.encode),
      isError: isErrorRecord,
    });
    return createLogRecordProcessor(intake, this.#createPart('logs', intake));
  }

  #createMetricExporter(): Pipeline['metricExporter'] {
    const { encode, temporality } = this.#options;
    return createMetricExporter(
      {
        encoder: createMetricEncoder(encode),
        temporality,
        offer: (bytes, points) => this.#offer('metrics', bytes, points),
        onCreated: (points) => this.#account.created('metrics', points),
        onDrop: (reason, points) => this.#drop('metrics', reason, points),
      },
      this.#createPart('metrics'),
    );
  }

  #intakeOptions(signal: Signal) {
    return {
      signal,
      writer: this.#writer,
      offer: (bytes: Uint8Array) => this.#offer(signal, bytes, 1),
      onCreated: () => this.#account.created(signal, 1),
      onDrop: (reason: string) => this.#drop(signal, reason, 1),
    };
  }

  #createPart(signal: Signal, intake?: LiveIntake): Part {
    this.#parts.add(signal);
    if (intake !== undefined) this.#intakes.push(intake);
    return {
      flush: async () => void (await this.flush()),
      shutdown: async () => {
        this.#parts.delete(signal);
        intake?.close();
        await (this.#parts.size === 0 ? this.shutdown() : this.flush());
      },
    };
  }

  /** Takes bytes that are no slab's; they are copied to memory that a worker can read. */
  #offer(signal: Signal, bytes: Uint8Array, items: number): void {
    if (this.#host.ownBytes + bytes.length > this.#options.maxBytes / OWN_SHARE) {
      this.#drop(signal, 'queue_full', items);
      return;
    }
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    const id = this.#ownId;
    this.#ownId += 1;
    this.#host.offer({ id, signal, items, bytes: bytes.length, chunks: [shared] });
  }

  #seal(): Marks {
    return { sequence: this.#writer.seal(), own: this.#ownId };
  }

  #isEmpty(): boolean {
    return this.#pool.used() === 0 && this.#host.ownBytes === 0;
  }

  async #opened(): Promise<void> {
    await Promise.all(this.#intakes.map((intake) => intake.opened()));
  }

  #accounts(): PipelineStats['account'] {
    const { traces, metrics, logs } = {
      traces: this.#account.of('traces'),
      metrics: this.#account.of('metrics'),
      logs: this.#account.of('logs'),
    };
    return { traces, metrics, logs };
  }

  #drop(signal: Signal, reason: string, items: number): void {
    this.#account.dropped(signal, reason, items);
    this.#warn(`dropped_${reason}`, `${signal} are being dropped: ${reason}`);
  }
}
