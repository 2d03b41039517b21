import { accepted, retry } from '../send/outcome.js';
import type { Sender } from '../send/sender.js';
import { batch, range } from './fixtures/batches.js';
import { FakeDisk } from './fixtures/fake-disk.js';
import { Link } from './fixtures/link.js';
import { ManualClock } from './fixtures/manual-clock.js';
import { Openings } from './fixtures/open.js';
import { seeded } from './fixtures/random.js';
import { replay, type Load, type ReplayOptions, type Replayer } from './replay.js';
import type { Spool } from './spool.js';

const MIB = 1024 * 1024;
const IDLE: Load = { queued: 0, inFlight: 0, limit: 8, sentBytes: 0 };

describe('flush of a replay', () => {
  const openings = new Openings();
  const replayers: Replayer[] = [];
  let clock: ManualClock;
  let spool: Spool;

  beforeEach(async () => {
    clock = new ManualClock(2);
    const disk = new FakeDisk(seeded(1));
    spool = await openings.open({ directory: '/spool', segmentBytes: 256 * 1024, disk, clock });
  });
  afterEach(async () => {
    for (const replayer of replayers.splice(0)) await replayer.stop();
    await openings.end();
  });

  const fill = async (count: number, bytes: number): Promise<void> => {
    for (const id of range(0, count)) await spool.append(batch(id, bytes));
  };
  const start = (link: Sender, options: Partial<ReplayOptions> = {}): Replayer => {
    const replayer = replay(spool, link, { load: () => IDLE, clock, ...options });
    replayers.push(replayer);
    return replayer;
  };
  const left = (): number => spool.stats().held.traces;

  const flushed = (replayer: Replayer): (() => boolean) => {
    let done = false;
    void replayer.flush().then(() => (done = true));
    return () => done;
  };

  it('waits for all that is there, and not for what comes after', async () => {
    await fill(10, 100_000);
    const link = new Link(clock, MIB);
    const done = flushed(start(link));
    const before: number[] = [];
    for (let id = 10; !done(); id += 1) {
      await spool.append(batch(id, 100_000));
      before.push(link.sent);
      await clock.advance(50);
    }
    expect(before.at(-1)).toBeLessThan(10);
    expect([link.sent >= 10, left() > 0]).toEqual([true, true]);
  });

  it('is over with what is empty, and with what rests', async () => {
    const link = new Link(clock, MIB);
    const replayer = start(link);
    await replayer.flush();
    await fill(1, 100);
    link.outcome = retry('UNAVAILABLE');
    const done = flushed(replayer);
    await clock.advance(100);
    expect([done(), left()]).toEqual([true, 1]);
  });

  it.each(['fails', 'does not work'])('does not wait for a peer that %s', async (how) => {
    await fill(10, 100);
    const link = new Link(clock, MIB);
    link.outcome = retry('UNAVAILABLE');
    const done = flushed(start(link, { paused: () => how === 'does not work' }));
    await clock.advance(50);
    expect([done(), link.inFlight, left()]).toEqual([true, 0, 10]);
  });

  it('asks a peer once more that failed a moment ago', async () => {
    await fill(10, 100);
    const link = new Link(clock, MIB);
    link.outcome = retry('UNAVAILABLE');
    const replayer = start(link);
    await clock.advance(4000);
    link.outcome = accepted;
    const done = flushed(replayer);
    await clock.advance(200);
    expect([done(), left()]).toEqual([true, 0]);
  });

  it('is over when the replay is stopped', async () => {
    await fill(10, 100_000);
    const replayer = start(new Link(clock, 1000));
    const done = flushed(replayer);
    await clock.advance(1000);
    expect(done()).toBe(false);
    await replayer.stop();
    await Promise.resolve();
    expect(done()).toBe(true);
  });
});
