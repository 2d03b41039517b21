import { accepted, refused, retry } from '../send/outcome.js';
import { batch, drain, range } from './fixtures/batches.js';
import { Link } from './fixtures/link.js';
import { IDLE, MIB, ReplayBench } from './fixtures/replay-bench.js';

describe('replay', () => {
  let bench: ReplayBench;

  beforeEach(async () => {
    bench = await ReplayBench.open();
  });
  afterEach(() => bench.close());

  /** Sends one live batch a second during the replay, and returns the duration of each. */
  async function liveBeside(link: Link, bytes: number, seconds: number): Promise<number[]> {
    const took: number[] = [];
    const live = { ...IDLE };
    bench.start(link, { load: () => live });
    for (let second = 0; second < seconds && bench.left() > 0; second += 1) {
      const startMs = bench.clock.now();
      live.inFlight += 1;
      function arrived(): void {
        live.inFlight -= 1;
        live.sentBytes += bytes;
        took.push(bench.clock.now() - startMs);
      }
      void link.send(batch(1, bytes), new AbortController().signal).then(arrived);
      for (let tick = 0; tick < 20; tick += 1) await bench.clock.advance(50);
    }
    return took;
  }

  it('catches up at five times the live rate, while each live batch arrives within 2 s', async () => {
    // Ten minutes with one batch a second.
    await bench.fill(600, 20_000);
    const took = await liveBeside(new Link(bench.clock, MIB), 20_000, 120);
    expect(bench.left()).toBe(0);
    expect(took.length).toBeLessThan(120);
    expect(Math.max(...took)).toBeLessThan(2000);
  });

  it('lets each live batch arrive within 2 s on a slow link too', async () => {
    await bench.fill(60, 500_000);
    const took = await liveBeside(new Link(bench.clock, MIB), 50_000, 60);
    expect(took.length).toBeGreaterThan(20);
    expect(Math.max(...took)).toBeLessThan(2000);
    expect(bench.left()).toBeLessThan(40);
  });

  it('uses a fifth of the bytes of live batches, one record at a time, while live batches wait', async () => {
    await bench.fill(100, 100_000);
    const link = new Link(bench.clock, 100 * MIB);
    const live = { ...IDLE, queued: 5, inFlight: 8 };
    bench.start(link, { load: () => live });
    await bench.clock.advance(5000);
    expect(link.sent).toBe(0);
    for (let second = 0; second < 20; second += 1) {
      live.sentBytes += 500_000;
      await bench.clock.advance(1000);
    }
    // The credit is 2,000,000 bytes. The last record may start while some credit is left.
    expect([20, 21]).toContain(link.sent);
    expect(link.most).toBe(1);
    live.queued = 0;
    live.inFlight = 0;
    await bench.clock.advance(5000);
    expect(bench.left()).toBe(0);
  });

  it('leaves a slot for the next live batch, but always uses one itself', async () => {
    await bench.fill(200, 10_000);
    const link = new Link(bench.clock, MIB);
    const live = { ...IDLE, inFlight: 4 };
    bench.start(link, { load: () => live });
    await bench.clock.advance(200);
    expect(link.most).toBe(3);
    live.inFlight = 8;
    await bench.clock.advance(100);
    link.most = 0;
    await bench.clock.advance(1000);
    expect(link.most).toBe(1);
  });

  it('makes no attempt while the breaker is open', async () => {
    await bench.fill(3, 100);
    const link = new Link(bench.clock, MIB);
    let open = true;
    bench.start(link, { paused: () => open });
    await bench.clock.advance(60_000);
    expect(link.most).toBe(0);
    open = false;
    await bench.clock.advance(1000 + 500);
    expect(bench.left()).toBe(0);
  });

  it('retries a failed record after growing pauses, and keeps a pause that the peer asks for', async () => {
    await bench.fill(5, 100);
    const times: number[] = [];
    const outcomes = [retry('UNAVAILABLE'), retry('UNAVAILABLE'), retry('429', 20_000)];
    const startMs = bench.clock.now();
    bench.start({
      async send() {
        times.push(Math.round((bench.clock.now() - startMs) / 1000));
        return outcomes.shift() ?? accepted;
      },
      async close() {},
    });
    for (let second = 0; second < 40; second += 1) await bench.clock.advance(1000);
    // The failed records wait to be retried until then.
    expect(times).toEqual([0, 1, 3, 23, 23, 23, 23, 23]);
    expect(bench.spool.stats()).toMatchObject({ acknowledged: { traces: 5 }, held: { traces: 0 } });
  });

  it('limits a pause that the peer asks for to a minute', async () => {
    await bench.fill(1, 100);
    let sends = 0;
    bench.start({
      async send() {
        sends += 1;
        return sends === 1 ? retry('UNAVAILABLE', 10 * 365 * 24 * 3_600_000) : accepted;
      },
      async close() {},
    });
    await bench.clock.advance(59_000);
    expect(sends).toBe(1);
    await bench.clock.advance(2000);
    expect([sends, bench.left()]).toEqual([2, 0]);
  });

  it('reports each outcome, and keeps no refused record', async () => {
    await bench.fill(2, 100);
    const link = new Link(bench.clock, MIB);
    link.outcome = refused('INVALID_ARGUMENT');
    const told: string[] = [];
    bench.start(link, {
      onOutcome(one, { kind }) {
        told.push(`${one.items} ${kind}`);
        throw new Error('a listener');
      },
    });
    await bench.clock.advance(1000);
    expect([told, bench.left()]).toEqual([['1 refused', '1 refused'], 0]);
  });

  it('returns records in flight when it is stopped, and sends nothing after that', async () => {
    await bench.fill(10, 100_000);
    const link = new Link(bench.clock, 100_000);
    const replayer = bench.start(link);
    await bench.clock.advance(1500);
    expect(link.inFlight).toBeGreaterThan(0);
    await replayer.stop();
    await replayer.stop();
    expect(link.inFlight).toBe(0);
    expect(bench.spool.stats().outstanding).toBe(0);
    await bench.clock.advance(10_000);
    expect(link.inFlight).toBe(0);
    expect(await drain(bench.spool)).toEqual(range(link.sent, 10));
  });

  it('goes on after an error of the sender or the spool, and loses no record', async () => {
    const unhandled: unknown[] = [];
    function hear(reason: unknown): void {
      unhandled.push(reason);
    }
    process.on('unhandledRejection', hear);
    await bench.fill(3, 100);
    let sends = 0;
    let takes = 0;
    const take = bench.spool.take.bind(bench.spool);
    bench.spool.take = (signals) => {
      takes += 1;
      return takes === 1 ? Promise.reject(new Error('a bug')) : take(signals);
    };
    const replayer = bench.start({
      async send() {
        sends += 1;
        if (sends === 1) throw new Error('a bug');
        return accepted;
      },
      async close() {},
    });
    for (let second = 0; second < 30; second += 1) await bench.clock.advance(1000);
    expect([bench.left(), sends]).toEqual([0, 4]);
    expect(bench.spool.stats()).toMatchObject({ outstanding: 0, acknowledged: { traces: 3 } });
    await replayer.stop();
    expect(unhandled).toEqual([]);
    process.off('unhandledRejection', hear);
  });

  it('finds records that are appended later', async () => {
    const link = new Link(bench.clock, MIB);
    bench.start(link);
    await bench.clock.advance(10_000);
    await bench.fill(1, 100);
    await bench.clock.advance(1100);
    expect(bench.left()).toBe(0);
  });

  it('finds new records at once when it is woken', async () => {
    const link = new Link(bench.clock, 100 * MIB);
    const replayer = bench.start(link);
    await bench.clock.advance(10_100);
    await bench.fill(3, 100);
    replayer.wake();
    await bench.clock.advance(100);
    expect(bench.left()).toBe(0);
  });
});
