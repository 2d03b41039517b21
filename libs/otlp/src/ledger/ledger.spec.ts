import { once } from 'node:events';
import { randomOf } from '../layers/fixtures/random.js';
import type { Signal } from '../wire/model.js';
import { isBalanced } from './fixtures/balanced.js';
import { startWorker } from './fixtures/typescript-worker.js';
import { createLedger, openLedger } from './ledger.js';
import type { Ledger } from './ledger.js';
import { SIGNALS } from '../wire/model.js';
import { DROP_REASONS, storeCount, loadCount } from './ledger-words.js';
import type { LedgerWriter } from './ledger-writer.js';

describe('ledger', () => {
  let ledger: Ledger;
  let main: LedgerWriter;
  let worker: LedgerWriter;

  beforeEach(() => {
    ledger = createLedger();
    main = ledger.writer('main');
    worker = openLedger(ledger.buffer).writer('worker');
  });

  it('counts where each item is', () => {
    main.created('traces', 100);
    main.dropped('traces', 'queue_full', 10);
    worker.handed('traces', 60);
    worker.accepted('traces', 30);
    worker.rejected('traces', 5);
    worker.dropped('traces', 'export_failed', 4);
    worker.spooled('traces', 20);
    worker.unspooled('traces', 8);
    worker.possiblyDuplicated('traces', 3);
    worker.restored('logs', 7);
    expect(ledger.snapshot()).toEqual({
      traces: {
        created: 100,
        restored: 0,
        handed: 60,
        accepted: 30,
        rejected: 5,
        dropped: { queue_full: 10, export_failed: 4 },
        queued: 39,
        spooled: 12,
        possibleDuplicates: 3,
      },
      metrics: expect.objectContaining({ created: 0, queued: 0, dropped: {} }),
      logs: expect.objectContaining({ restored: 7, spooled: 7, queued: 0 }),
    });
    expect(isBalanced(ledger.snapshot())).toBe(true);
  });

  it('does not balance if an item was settled twice', () => {
    main.created('logs', 10);
    worker.accepted('logs', 10);
    expect(isBalanced(ledger.snapshot())).toBe(true);
    worker.accepted('logs', 1);
    expect(ledger.snapshot().logs).toMatchObject({ created: 10, accepted: 11, queued: 0 });
    expect(isBalanced(ledger.snapshot())).toBe(false);
  });

  it.each([0, -1, Number.NaN, -Infinity])('ignores %p items', (items) => {
    main.created('traces', items);
    expect(ledger.snapshot().traces.created).toBe(0);
  });

  it('continues with the counts of an earlier writer', () => {
    worker.accepted('traces', 5);
    const next = ledger.writer('worker');
    next.accepted('traces', 2);
    expect(ledger.snapshot().traces.accepted).toBe(7);
  });

  it('balances after each of 5,000 random operations', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { wrong, made } = balanceOf(seed, 1000);
      expect(wrong).toBe(0);
      // The counts go beyond 32 bits.
      expect(made).toBeGreaterThan(2 ** 32);
    }
  });

  function balanceOf(seed: number, operations: number): { wrong: number; made: number } {
    const random = randomOf(seed);
    function below(limit: number): number {
      return Math.floor(random() * (limit + 1));
    }
    const counts = createLedger();
    const sides = [counts.writer('main'), counts.writer('worker')] as const;
    const model = {
      queued: { traces: 0, metrics: 0, logs: 0 },
      spooled: { traces: 0, metrics: 0, logs: 0 },
      total: { traces: 0, metrics: 0, logs: 0 },
    };
    function move(signal: Signal): void {
      const side = sides[below(1)] ?? sides[0];
      const items = below(model.queued[signal]);
      const stored = below(model.spooled[signal]);
      const steps = [
        () => {
          const made = below(1_000_000_000);
          side.created(signal, made);
          model.queued[signal] += made;
          model.total[signal] += made;
        },
        () => {
          const found = below(100);
          side.restored(signal, found);
          model.spooled[signal] += found;
          model.total[signal] += found;
        },
        () => {
          side.accepted(signal, items);
          model.queued[signal] -= items;
        },
        () => {
          side.rejected(signal, items);
          model.queued[signal] -= items;
        },
        () => {
          side.dropped(signal, DROP_REASONS[below(DROP_REASONS.length - 1)] ?? 'other', items);
          model.queued[signal] -= items;
        },
        () => {
          side.spooled(signal, items);
          model.queued[signal] -= items;
          model.spooled[signal] += items;
        },
        () => {
          side.unspooled(signal, stored);
          model.spooled[signal] -= stored;
          model.queued[signal] += stored;
        },
        () => side.possiblyDuplicated(signal, items),
        () => side.handed(signal, items),
      ];
      steps[below(steps.length - 1)]?.();
    }
    let wrong = 0;
    for (let done = 0; done < operations; done += 1) {
      move(SIGNALS[below(2)] ?? 'traces');
      const seen = counts.snapshot();
      const fits = SIGNALS.every(
        (signal) =>
          seen[signal].queued === model.queued[signal] &&
          seen[signal].spooled === model.spooled[signal] &&
          seen[signal].created + seen[signal].restored === model.total[signal],
      );
      if (!fits) wrong += 1;
    }
    return { wrong, made: model.total.traces };
  }

  it('balances at each moment while another thread settles the items', async () => {
    const thread = startWorker(new URL('fixtures/settling-worker.ts', import.meta.url), {
      buffer: ledger.buffer,
      items: 40_000,
    });
    const over = once(thread, 'exit');
    const end = new AbortController();
    thread.once('exit', () => end.abort());
    let wrong = 0;
    while (!end.signal.aborted) {
      for (let burst = 0; burst < 100; burst += 1) {
        main.created('traces', 20);
        for (let full = 0; full < 20; full += 1) {
          main.created('logs', 1);
          main.dropped('logs', 'queue_full', 1);
        }
        if (!isBalanced(ledger.snapshot())) wrong += 1;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await over).toEqual([0]);
    const { accepted, rejected } = ledger.snapshot().traces;
    expect(accepted + rejected).toBeGreaterThanOrEqual(40_000);
    expect(wrong).toBe(0);
  });
});

describe('a counter in two words', () => {
  const BORDERS = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 3 * 2 ** 31, 2 ** 40, 2 ** 52];

  it.each(BORDERS)('holds %d, and then one more', (count) => {
    const words = new Int32Array(new SharedArrayBuffer(8));
    storeCount(words, 0, count, 0);
    expect(loadCount(words, 0)).toBe(count);
    storeCount(words, 0, count + 1, count);
    expect(loadCount(words, 0)).toBe(count + 1);
  });

  it.each(BORDERS)('can be read between the two stores, at %d', (count) => {
    const words = new Int32Array(new SharedArrayBuffer(8));
    storeCount(words, 0, Math.max(0, count - 1), 0);
    Atomics.store(words, 0, count | 0);
    expect(loadCount(words, 0)).toBe(count);
  });
});
