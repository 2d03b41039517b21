import { ManualClock, turn } from '../send/fixtures/manual-clock.js';
import type { HeapBatch } from './heap-queue.js';
import { WorkerSupervisor } from './worker-supervisor.js';
import type { WorkerEvents, WorkerThread } from './worker-supervisor.js';
import type { Signal } from '../wire/model.js';
import type { FromWorker, HeaderAnswer, ToWorker } from './worker-messages.js';

interface Scripted extends WorkerThread {
  readonly kind: 'worker' | 'inline';
  readonly told: ToWorker[];
  readonly events: WorkerEvents;
}

function scripted() {
  const threads: Scripted[] = [];
  const deaths: [string, boolean][] = [];
  const failures: string[] = [];
  const clock = new ManualClock();
  const heard: FromWorker[] = [];
  const asked: { readonly signal: Signal; answer(headers: HeaderAnswer): void }[] = [];
  let inlineFails = false;
  function start(kind: Scripted['kind']) {
    return (events: WorkerEvents) => {
      if (kind === 'inline' && inlineFails) throw new Error('no file');
      const told: ToWorker[] = [];
      const thread: Scripted = {
        kind,
        told,
        events,
        tell: (message) => told.push(message),
        end: () => Promise.resolve(),
      };
      threads.push(thread);
      return thread;
    };
  }
  const supervisor = new WorkerSupervisor({
    startWorker: start('worker'),
    startInline: start('inline'),
    askHeaders: (signal) =>
      new Promise((answer) => {
        asked.push({ signal, answer });
      }),
    onMessage: (message) => heard.push(message),
    onFailure: (error) => failures.push((error as Error).message),
    clock,
    onDeath: ({ reason }, isInline) => deaths.push([reason, isInline]),
  });
  function last(): Scripted {
    const thread = threads.at(-1);
    if (thread === undefined) throw new Error('none was started');
    return thread;
  }
  return {
    supervisor,
    threads,
    deaths,
    failures,
    asked,
    last,
    clock,
    failInline: (fails: boolean) => (inlineFails = fails),
  };
}

function batch(id: number): HeapBatch {
  return {
    id,
    signal: 'metrics',
    items: 1,
    bytes: 3,
    chunks: [new Uint8Array(3)],
  };
}

describe('WorkerSupervisor', () => {
  it('gives a new worker the unfinished work of the one before', async () => {
    const { supervisor, threads, deaths, last } = scripted();
    supervisor.offer(batch(1));
    supervisor.start();
    supervisor.start();
    expect(threads).toHaveLength(1);
    supervisor.offer(batch(2));
    const flushed = supervisor.flush({ sequence: 4, heap: 3 });
    last().events.onMessage({ kind: 'freed', id: 1 });
    const [first] = threads;
    first?.events.onEnd({ kind: 'ended', reason: 'exit' });
    first?.events.onEnd({ kind: 'ended', reason: 'exit' });
    expect(deaths).toEqual([['exit', false]]);
    expect(threads.map(({ kind }) => kind)).toEqual(['worker', 'worker']);
    expect(last().told).toEqual([
      { kind: 'offer', batch: batch(2) },
      { kind: 'flush', id: 1, mark: { sequence: 4, heap: 3 } },
    ]);
    expect(supervisor.heap.bytes).toBe(3);
    last().events.onMessage({ kind: 'flushed', id: 1 });
    await flushed;
  });

  it('reports once which heap batches a dead worker may have sent', () => {
    const { supervisor, last } = scripted();
    supervisor.start();
    for (const id of [1, 2, 3]) supervisor.offer(batch(id));
    last().events.onMessage({ kind: 'taken', id: 1 });
    last().events.onMessage({ kind: 'taken', id: 2 });
    last().events.onMessage({ kind: 'freed', id: 1 });
    last().events.onEnd({ kind: 'ended', reason: 'exit' });
    expect(supervisor.heap.reclaim()).toEqual({ traces: 0, metrics: 1, logs: 0 });
    expect(supervisor.heap.reclaim()).toEqual({ traces: 0, metrics: 0, logs: 0 });
    expect(supervisor.heap.bytes).toBe(6);
  });

  it('works inline if a worker cannot start', () => {
    const { supervisor, threads, last } = scripted();
    supervisor.start();
    last().events.onEnd({ kind: 'refused', reason: 'ERR_ACCESS_DENIED' });
    expect(threads.map(({ kind }) => kind)).toEqual(['worker', 'inline']);
    expect(supervisor.isInline).toBe(true);
  });

  it('works inline if three workers end one after the other', () => {
    const { supervisor, threads, last } = scripted();
    supervisor.start();
    for (let death = 0; death < 3; death += 1)
      last().events.onEnd({ kind: 'ended', reason: 'ERR_WORKER_OUT_OF_MEMORY' });
    expect(threads.map(({ kind }) => kind)).toEqual(['worker', 'worker', 'worker', 'inline']);
  });

  it('does not replace a worker that it ended itself', async () => {
    const { supervisor, threads, deaths, last } = scripted();
    supervisor.start();
    await supervisor.end();
    last().events.onEnd({ kind: 'ended', reason: 'exit' });
    expect(threads).toHaveLength(1);
    expect(deaths).toEqual([]);
  });

  it('gives headers only to the worker that asked for them', async () => {
    const { supervisor, asked, last } = scripted();
    supervisor.start();
    const dead = last();
    dead.events.onMessage({ kind: 'headers', id: 1, signal: 'traces' });
    dead.events.onEnd({ kind: 'ended', reason: 'exit' });
    // The next worker numbers its questions from 1 again.
    last().events.onMessage({ kind: 'headers', id: 1, signal: 'logs' });
    asked[0]?.answer({ authorization: 'of traces' });
    await turn();
    expect([dead.told, last().told]).toEqual([[], []]);
    asked[1]?.answer({ authorization: 'of logs' });
    await turn();
    const answer = { kind: 'headers', id: 1, headers: { authorization: 'of logs' } };
    expect([dead.told, last().told]).toEqual([[], [answer]]);
    await supervisor.end();
    last().events.onMessage({ kind: 'headers', id: 2, signal: 'logs' });
    asked[2]?.answer({});
    await turn();
    expect(last().told).toEqual([answer]);
  });

  it('reports that nothing can start, and tries again after growing pauses', async () => {
    const { supervisor, threads, failures, clock, last, failInline } = scripted();
    failInline(true);
    supervisor.start();
    supervisor.offer(batch(1));
    void supervisor.flush({ sequence: 4, heap: 3 });
    const pauses = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];
    for (const [at, pauseMs] of pauses.entries()) {
      last().events.onEnd({ kind: 'refused', reason: 'ERR_ACCESS_DENIED' });
      expect([supervisor.isRunning, failures]).toEqual([false, Array(at + 1).fill('no file')]);
      await clock.advance(pauseMs - 1);
      expect(threads).toHaveLength(at + 1);
      await clock.advance(1);
      // The thread may work next time, so each try begins with a worker.
      expect(threads.map(({ kind }) => kind)).toEqual(Array(at + 2).fill('worker'));
    }
    expect(last().told).toEqual([
      { kind: 'offer', batch: batch(1) },
      { kind: 'flush', id: 1, mark: { sequence: 4, heap: 3 } },
    ]);
    last().events.onMessage({ kind: 'ready' });
    last().events.onEnd({ kind: 'ended', reason: 'exit' });
    last().events.onEnd({ kind: 'refused', reason: 'ERR_ACCESS_DENIED' });
    await clock.advance(1000);
    expect(threads).toHaveLength(pauses.length + 3);
    await supervisor.end();
  });

  it('starts nothing after its end', async () => {
    const { supervisor, threads, clock, last, failInline } = scripted();
    failInline(true);
    supervisor.start();
    last().events.onEnd({ kind: 'refused', reason: 'ERR_ACCESS_DENIED' });
    await supervisor.end();
    expect(clock.pending).toBe(0);
    await clock.advance(60_000);
    supervisor.start();
    expect(threads).toHaveLength(1);
  });

  it('tries to start at once for a shutdown', async () => {
    const { supervisor, clock, last, failInline } = scripted();
    failInline(true);
    supervisor.start();
    for (const pauseMs of [1000, 2000, 4000]) {
      last().events.onEnd({ kind: 'refused', reason: 'ERR_ACCESS_DENIED' });
      await clock.advance(pauseMs);
    }
    last().events.onEnd({ kind: 'refused', reason: 'ERR_ACCESS_DENIED' });
    const mark = { sequence: 0, heap: 0 };
    const closed = supervisor.shutdown(mark);
    expect(last().told).toEqual([{ kind: 'shutdown', mark }]);
    last().events.onMessage({ kind: 'closed' });
    await closed;
    await supervisor.end();
  });

  it('resolves the shutdown when the worker has closed', async () => {
    const { supervisor, last } = scripted();
    supervisor.start();
    const mark = { sequence: 0, heap: 0 };
    const first = supervisor.shutdown(mark);
    const second = supervisor.shutdown(mark);
    expect(last().told).toEqual([{ kind: 'shutdown', mark }]);
    last().events.onMessage({ kind: 'closed' });
    await Promise.all([first, second]);
  });
});
