import { accepted, retry } from '../send/outcome.js';
import { batch } from './fixtures/batches.js';
import { Link } from './fixtures/link.js';
import { MIB, ReplayBench } from './fixtures/replay-bench.js';
import type { Replayer } from './replayer.js';

describe('flush of a replay', () => {
  let bench: ReplayBench;

  beforeEach(async () => {
    bench = await ReplayBench.open();
  });
  afterEach(() => bench.close());

  function flushed(replayer: Replayer): () => boolean {
    let done = false;
    void replayer.flush().then(() => (done = true));
    return () => done;
  }

  it('waits for all records that exist, and not for later ones', async () => {
    await bench.fill(10, 100_000);
    const link = new Link(bench.clock, MIB);
    const done = flushed(bench.start(link));
    const before: number[] = [];
    for (let id = 10; !done(); id += 1) {
      await bench.spool.append(batch(id, 100_000));
      before.push(link.sent);
      await bench.clock.advance(50);
    }
    expect(before.at(-1)).toBeLessThan(10);
    expect([link.sent >= 10, bench.left() > 0]).toEqual([true, true]);
  });

  it('ends if there are no records, or only records that wait to be retried', async () => {
    const link = new Link(bench.clock, MIB);
    const replayer = bench.start(link);
    await replayer.flush();
    await bench.fill(1, 100);
    link.outcome = retry('UNAVAILABLE');
    const done = flushed(replayer);
    await bench.clock.advance(100);
    expect([done(), bench.left()]).toEqual([true, 1]);
  });

  it.each(['fails', 'does not work'])('does not wait for a peer that %s', async (how) => {
    await bench.fill(10, 100);
    const link = new Link(bench.clock, MIB);
    link.outcome = retry('UNAVAILABLE');
    const done = flushed(bench.start(link, { paused: () => how === 'does not work' }));
    await bench.clock.advance(50);
    expect([done(), link.inFlight, bench.left()]).toEqual([true, 0, 10]);
  });

  it('makes one more attempt at a peer that has just failed', async () => {
    await bench.fill(10, 100);
    const link = new Link(bench.clock, MIB);
    link.outcome = retry('UNAVAILABLE');
    const replayer = bench.start(link);
    await bench.clock.advance(4000);
    link.outcome = accepted;
    const done = flushed(replayer);
    await bench.clock.advance(200);
    expect([done(), bench.left()]).toEqual([true, 0]);
  });

  it('ends when the replay is stopped', async () => {
    await bench.fill(10, 100_000);
    const replayer = bench.start(new Link(bench.clock, 1000));
    const done = flushed(replayer);
    await bench.clock.advance(1000);
    expect(done()).toBe(false);
    await replayer.stop();
    await Promise.resolve();
    expect(done()).toBe(true);
  });
});
