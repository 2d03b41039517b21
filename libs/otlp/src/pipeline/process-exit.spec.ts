import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { createLedger } from '../ledger/ledger.js';
import type { SignalLedger } from '../ledger/ledger.js';
import { Collector } from './fixtures/collector.js';
import type { ExportReply } from '../receiver/receiver-options.js';
import { HeapBatches } from './heap-batches.js';
import { deadEndpoint } from './fixtures/peers.js';
import { createTelemetry } from './fixtures/telemetry.js';
import { until } from './fixtures/until.js';
import { createPipeline } from './create-pipeline.js';
import type { Pipeline } from './pipeline.js';
import { endSync, keepOrCount } from './process-exit.js';
import { WorkerPhase } from './worker-messages.js';
import type { Memory } from './save.js';
import { SlabPool } from '../slab/slab-pool.js';
import { SlabReader } from '../slab/slab-reader.js';
import { SlabWriter } from '../slab/slab-writer.js';
import { allocateSlabs } from '../slab/memory.js';

const NO_MARK = { sequence: 0, heap: 0 };

interface Told {
  readonly code: number;
  readonly traces: SignalLedger;
  readonly runner: string;
  readonly lines: readonly string[];
  readonly asked: number;
}

const hooks = new URL('../slab/fixtures/source.mjs', import.meta.url).href;
const app = fileURLToPath(new URL('./fixtures/ending-app.ts', import.meta.url));

/** Runs a process that ends in this way, and resolves with its final state. */
function ended(way: string, endpoint: string, directory = '', node: string[] = []): Promise<Told> {
  return new Promise((resolve, reject) => {
    const args = [...node, '--no-warnings', '--import', hooks, app, endpoint, way, directory];
    execFile(process.execPath, args, (error, stdout, stderr) => {
      if (!stdout.startsWith('{')) return reject(new Error(`${way}: ${stdout} ${stderr}`));
      resolve({ code: Number(error?.code ?? 0), ...(JSON.parse(stdout) as Omit<Told, 'code'>) });
    });
  });
}

describe('a process that ends without a shutdown', () => {
  let collector: Collector;
  let directory: string;
  beforeEach(async () => {
    collector = await new Collector().start();
    directory = await mkdtemp(join(tmpdir(), 'nestlens-ends-'));
  });
  afterEach(async () => {
    await collector.stop();
    await rm(directory, { recursive: true });
  });

  it('sends queued spans at process.exit(), during a shutdown and after an exception, and keeps its exit code', async () => {
    const [left, late, crashed] = await Promise.all([
      ended('exit', collector.grpc),
      ended('shutting down', collector.grpc),
      ended('crash', collector.grpc, directory),
    ]);
    expect([left.code, late.code, crashed.code]).toEqual([3, 3, 1]);
    for (const { traces } of [left, late, crashed]) {
      expect(traces).toMatchObject({ accepted: 10, queued: 0, spooled: 0, dropped: {} });
    }
    expect(collector.spans()).toHaveLength(30);
    // The app can no longer be asked for headers, so the last ones were used.
    expect(new Set(collector.headers.map(({ authorization }) => authorization))).toEqual(
      new Set(['Bearer 1']),
    );
  });

  it('starts its thread for spans that ended just before', async () => {
    const { code, traces, runner, lines } = await ended('at once', collector.grpc);
    expect({ code, runner, lines }).toEqual({ code: 3, runner: 'worker', lines: [] });
    expect(traces).toMatchObject({ created: 10, accepted: 10, queued: 0, dropped: {} });
    expect(collector.spans()).toHaveLength(10);
  });

  it('counts spans that it could not send as dropped, or leaves them on disk', async () => {
    const dead = await deadEndpoint();
    const [lost, kept] = await Promise.all([ended('away', dead), ended('away', dead, directory)]);
    const given = Object.values(lost.traces.dropped).reduce((sum, count) => sum + count, 0);
    expect([lost.code, given, lost.traces.queued]).toEqual([3, 10, 0]);
    expect(kept.traces).toMatchObject({ spooled: 10, queued: 0, dropped: {} });
    const next = createPipeline({
      traces: { endpoint: collector.grpc },
      worker: false,
      spool: { directory },
    });
    next.start();
    await until(() => next.stats().ledger.traces.accepted === 10);
    const { ledger } = await next.shutdown();
    expect(collector.spans()).toHaveLength(10);
    expect(ledger.traces).toMatchObject({ restored: 10, accepted: 10, spooled: 0 });
    expect(await readdir(directory)).toEqual([]);
  });

  it('counts spans in flight as possible duplicates, also in the next process', async () => {
    const arrived = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<ExportReply>();
    const slow = await new Collector(() => {
      arrived.resolve();
      return answer.promise;
    }).start();
    function create(endpoint: string): Pipeline {
      return createPipeline({ traces: { endpoint }, worker: false, spool: { directory } });
    }
    const first = create(slow.grpc);
    createTelemetry(first).spans(10);
    void first.flush();
    await arrived.promise;
    expect(first.exit().traces).toMatchObject({ created: 10, spooled: 0, possibleDuplicates: 10 });
    answer.resolve({ kind: 'accepted' });
    await first.shutdown(AbortSignal.abort());
    await slow.stop();
    const next = create(collector.grpc);
    next.start();
    await until(() => next.stats().ledger.traces.accepted === 10);
    expect((await next.shutdown()).ledger.traces).toMatchObject({ possibleDuplicates: 10 });
  });

  it('sends from its own thread if a worker cannot start, and logs the reason and the remedy once', async () => {
    const allowed = ['--permission', '--allow-fs-read=*'];
    const [missing, forbidden] = await Promise.all([
      ended('no worker', collector.grpc),
      ended('no worker', collector.grpc, '', allowed),
    ]);
    for (const { traces, runner } of [missing, forbidden]) {
      expect([runner, traces.accepted]).toEqual(['none', 10]);
    }
    expect(missing.lines).toEqual([
      expect.stringMatching(
        /cannot be started \(MODULE_NOT_FOUND\);.*otlp\.worker\.entry/,
      ) as string,
    ]);
    expect(forbidden.lines).toEqual([
      expect.stringMatching(/cannot be started \(ERR_ACCESS_DENIED\);.*--allow-worker/) as string,
    ]);
    expect(collector.spans()).toHaveLength(20);
  });

  it('sends from its own thread if no worker file is known, as in a bundle', async () => {
    const lines: string[] = [];
    // The entries of the package, which name the worker file, are not loaded here.
    const pipeline = createPipeline({
      traces: { endpoint: collector.grpc },
      log: (_level, line) => lines.push(line),
    });
    pipeline.start();
    expect(pipeline.stats().runner).toBe('inline');
    createTelemetry(pipeline).spans(2);
    expect((await pipeline.shutdown()).ledger.traces).toMatchObject({ accepted: 2 });
    expect(lines).toEqual([
      expect.stringMatching(/cannot be started \(no_worker_file\)/) as string,
    ]);
  });

  it('waits for a worker that is still starting before it ends the sending', () => {
    const phase = new Int32Array(new SharedArrayBuffer(4));
    const ledger = createLedger();
    const counts = ledger.writer('main');
    counts.created('traces', 3);
    const program = `Atomics.store(require('node:worker_threads').workerData, 0, ${WorkerPhase.WORKING})`;
    const aborted: (number | undefined)[] = [];
    const worker = {
      drain: () => new Worker(program, { eval: true, workerData: phase }).threadId > 0,
      tell: () => void aborted.push(phase[0]),
    };
    const reader = new SlabReader(new SlabPool(allocateSlabs({ slabBytes: 4096 })));
    const memory = {
      reader,
      worker: { heap: new HeapBatches() },
    } as unknown as Memory;
    endSync({ worker, memory, counts, spool: undefined, phase, exporters: [], ledger }, NO_MARK, 0);
    expect(aborted).toEqual([WorkerPhase.WORKING]);
    expect(ledger.snapshot().traces).toMatchObject({
      queued: 0,
      dropped: { shutdown_deadline: 3 },
    });
  });

  it.each(['that refuses', 'that is asked too late'])(
    'counts batches in flight as dropped with an unknown outcome, with a disk %s',
    async (disk) => {
      const pool = new SlabPool(allocateSlabs({ slabBytes: 4096 }));
      const reader = new SlabReader(pool);
      const writer = new SlabWriter(pool, { onDrop: () => {} });
      const ledger = createLedger();
      const counts = ledger.writer('main');
      function make(items: number): void {
        for (let item = 0; item < items; item += 1) {
          writer.append('traces', (_item, _target, offset) => offset + 1, item);
        }
        counts.created('traces', items);
        writer.seal();
      }
      make(2);
      reader.take('traces', 4096);
      make(3);
      const worker = { isRunning: false, heap: new HeapBatches(), offer: () => {} };
      const file = join(directory, 'file');
      await writeFile(file, '');
      const isLate = disk === 'that is asked too late';
      await keepOrCount(
        {
          memory: { pool, reader, worker },
          counts,
          ledger,
          spool: { directory: isLate ? directory : join(file, 'spool') },
        },
        isLate ? AbortSignal.abort() : new AbortController().signal,
      );
      expect(ledger.snapshot().traces).toMatchObject({
        queued: 0,
        dropped: { outcome_unknown: 2, shutdown_deadline: 3 },
      });
    },
  );

  it('sends before an exit listener of the app that calls process.exit()', async () => {
    const { code, traces } = await ended('exit in exit', collector.grpc);
    expect([code, traces.accepted]).toEqual([4, 10]);
  });
});
