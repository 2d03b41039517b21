import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLedger } from '../ledger/ledger.js';
import { accepted, retry } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import type { Batch } from '../send/sender.js';
import { allocateSlabs } from '../slab/memory.js';
import { SlabPool } from '../slab/slab-pool.js';
import { noItems } from '../send/item-counts.js';
import type { Signal } from '../wire/model.js';
import { until } from './fixtures/until.js';
import type { Exporter } from './exporter.js';
import { DiskOverflow } from './overflow.js';

/** A collector with scripted answers. `sent` has the signals of the batches that it received. */
class ScriptedExporter implements Exporter {
  readonly sent: Signal[] = [];
  readonly signals: readonly Signal[];
  open = false;
  answer: (batch: Batch, signal: AbortSignal) => Outcome | Promise<Outcome> = () => accepted;

  constructor(...signals: Signal[]) {
    this.signals = signals;
  }

  readonly once = {
    send: async (given: Batch, signal: AbortSignal): Promise<Outcome> => {
      this.sent.push(given.signal);
      return this.answer(given, signal);
    },
    close: () => Promise.resolve(),
  };
  readonly sender = this.once;
  limit = (): number => 8;
  maxBytes = (): number => Infinity;
  waiting = (): number => 0;
  isOpen = (): boolean => this.open;
  begun = (): number => this.sent.length;
  ended = (): number => this.sent.length;
  isNobodyThere = (): boolean => false;
  tryNow(): void {}
  hasHeaders(): void {}
  stopWaiting(): void {}
  state(): never {
    throw new Error('nobody asks');
  }
}

function batch(signal: Signal, items = 1): Batch {
  return {
    signal,
    items,
    bytes: 100,
    chunks: [new Uint8Array(100)],
  };
}

describe('a batch on disk', () => {
  let directory: string;
  const opened: DiskOverflow[] = [];

  async function open(...all: ScriptedExporter[]) {
    const ledger = createLedger();
    const writer = ledger.writer('worker');
    const of = Object.fromEntries(
      all.flatMap((exporter) => exporter.signals.map((signal) => [signal, exporter])),
    );
    const overflow = await DiskOverflow.open({
      settings: { directory, durable: 'always' },
      pool: new SlabPool(allocateSlabs({ maxBytes: 4 * 4096, slabBytes: 4096 })),
      exporters: { of, all, headers() {}, alone() {} },
      ledger: writer,
      load: (exporter) => ({ queued: 0, inFlight: 0, limit: exporter.limit(), sentBytes: 0 }),
      warn() {},
      succession: { token: 'one', gone: [] },
      inherited: noItems(),
      onSettled() {},
    });
    if (overflow === undefined) throw new Error('cannot be used');
    opened.push(overflow);
    const keep: (one: Batch) => Promise<void> = async (one) => {
      writer.created(one.signal, one.items);
      expect(await overflow.take(one)).toBe(true);
    };
    return { overflow, keep, counts: (signal: Signal) => ledger.snapshot()[signal] };
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestlens-overflow-'));
  });
  afterEach(async () => {
    for (const overflow of opened.splice(0)) await overflow.close();
    await rm(directory, { recursive: true });
  });

  it('reaches a healthy collector while another one is down, whose records wait', async () => {
    const [dead, live] = [new ScriptedExporter('logs'), new ScriptedExporter('traces', 'metrics')];
    dead.open = true;
    const { keep, counts } = await open(dead, live);
    for (const signal of ['logs', 'traces', 'logs', 'metrics', 'traces'] as const) {
      await keep(batch(signal));
    }
    await until(() => counts('traces').accepted + counts('metrics').accepted === 3);
    expect(live.sent).toEqual(['traces', 'metrics', 'traces']);
    expect([dead.sent, counts('logs').spooled]).toEqual([[], 2]);
    dead.open = false;
    await until(() => counts('logs').accepted === 2);
  });

  it('is not delayed by a pause that another collector asked for', async () => {
    const [busy, live] = [new ScriptedExporter('logs'), new ScriptedExporter('traces')];
    busy.answer = () => retry('429', 60_000);
    const { keep, counts } = await open(busy, live);
    await keep(batch('logs'));
    await until(() => busy.sent.length === 1);
    await keep(batch('traces'));
    await until(() => counts('traces').accepted === 1);
    expect(counts('logs').spooled).toBe(1);
  });

  it('stays there for another process if this one has no collector for its signal', async () => {
    const live = new ScriptedExporter('traces');
    const { keep, counts } = await open(live);
    await keep(batch('logs'));
    await keep(batch('traces'));
    await until(() => counts('traces').accepted === 1);
    expect([live.sent, counts('logs').spooled]).toEqual([['traces'], 1]);
  });

  it("counts once as possible duplicate if the process ends before the collector's answer", async () => {
    const exporter = new ScriptedExporter('traces');
    // The collector has the batch, but does not answer.
    exporter.answer = (_batch, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(retry('unanswered')));
      });
    const { overflow, keep, counts } = await open(exporter);
    await keep(batch('traces', 5));
    await until(() => exporter.sent.length === 1);
    await overflow.stopReplay();
    const { created, spooled, accepted: taken, possibleDuplicates } = counts('traces');
    expect({ created, spooled, taken, possibleDuplicates }).toEqual({
      created: 5,
      spooled: 5,
      taken: 0,
      possibleDuplicates: 5,
    });
  });

  it('counts once as possible duplicate if two attempts may have arrived', async () => {
    const exporter = new ScriptedExporter('traces');
    const answers = [retry('timeout'), retry('timeout'), accepted];
    exporter.answer = () => {
      exporter.open = true;
      return answers.shift() ?? accepted;
    };
    // The exporter is open for one check only, so that the record does not wait for long.
    exporter.isOpen = () => {
      const wasOpen = exporter.open;
      exporter.open = false;
      return wasOpen;
    };
    const { keep, counts } = await open(exporter);
    await keep(batch('traces', 5));
    await until(() => counts('traces').accepted === 5);
    expect(counts('traces')).toMatchObject({ possibleDuplicates: 5, spooled: 0, queued: 0 });
  });

  it('is no possible duplicate if no attempt reached the collector', async () => {
    const exporter = new ScriptedExporter('traces');
    const answers = [retry('ECONNREFUSED'), accepted];
    exporter.answer = () => answers.shift() ?? accepted;
    const { keep, counts } = await open(exporter);
    await keep(batch('traces', 5));
    await until(() => counts('traces').accepted === 5);
    expect(counts('traces').possibleDuplicates).toBe(0);
  });
});
