import { accepted, retry, type Outcome } from '../send/outcome.js';
import type { Batch } from '../send/sender.js';
import { batch, range } from './fixtures/batches.js';
import { FakeDisk } from './fixtures/fake-disk.js';
import { ManualClock, turns } from '../send/fixtures/manual-clock.js';
import { Openings } from './fixtures/open.js';
import { seeded } from './fixtures/random.js';
import type { Load } from './replay-pace.js';
import { Replayer } from './replayer.js';
import type { Spool } from './spool.js';

const UNAVAILABLE = retry('UNAVAILABLE');
const RECORDS = 40;

describe('replay after an outage', () => {
  const openings = new Openings();
  let clock: ManualClock;
  let spool: Spool;
  let replayer: Replayer | undefined;

  beforeEach(async () => {
    clock = new ManualClock(2);
    spool = await openings.open({ directory: '/spool', disk: new FakeDisk(seeded(1)), clock });
    for (const id of range(0, RECORDS)) await spool.append(batch(id));
  });
  afterEach(async () => {
    await replayer?.stop();
    await openings.end();
  });

  interface Peer {
    outcome: Outcome;
    /** The outcome for a certain record. Default: `outcome`. */
    outcomeOf: ((id: number) => Outcome) | undefined;
    open: boolean;
    sentBytes: number;
    attempts: number;
    /** Pauses the replay for a second after five failures in a row, like a breaker. */
    hasBreaker: boolean;
    /** Records that were accepted after an attempt that may have arrived. */
    readonly doubtful: number[];
    mostInFlight: number;
  }

  function start(): Peer {
    const peer: Peer = {
      outcome: UNAVAILABLE,
      outcomeOf: undefined,
      open: false,
      sentBytes: 0,
      attempts: 0,
      hasBreaker: false,
      doubtful: [],
      mostInFlight: 0,
    };
    let inRow = 0;
    let inFlight = 0;
    let probeAtMs = 0;
    function load(): Load {
      return { queued: 0, inFlight: 0, limit: 8, sentBytes: peer.sentBytes };
    }
    const sender = {
      async send(one: Batch) {
        peer.attempts += 1;
        inFlight += one.bytes;
        peer.mostInFlight = Math.max(peer.mostInFlight, inFlight);
        await turns(1);
        inFlight -= one.bytes;
        const outcome = peer.outcomeOf?.(idIn(one)) ?? peer.outcome;
        inRow = outcome.kind === 'retry' ? inRow + 1 : 0;
        if (inRow >= 5) probeAtMs = clock.now() + 1000;
        return outcome;
      },
      async close() {},
    };
    function paused(): boolean {
      return peer.open || (peer.hasBreaker && clock.now() < probeAtMs);
    }
    function onOutcome(one: Batch, outcome: Outcome, wasDoubtful: boolean): void {
      if (outcome.kind === 'accepted' && wasDoubtful) peer.doubtful.push(idIn(one));
    }
    replayer = new Replayer(spool, sender, { load, paused, clock, onOutcome });
    return peer;
  }
  function idIn({ chunks: [body] }: Batch): number {
    return Buffer.from(body ?? []).readUInt32LE();
  }
  function left(): number {
    return spool.stats().held.traces;
  }

  it.each([
    [5, RECORDS],
    [60, RECORDS],
    [600, RECORDS],
    // With one or two records left, only these can be used as probes.
    [60, 1],
    [600, 2],
  ])(
    'of %d s begins within 2 s, also with records that failed meanwhile (%d records)',
    async (seconds, records) => {
      for (let taken = RECORDS; taken > records; taken -= 1) {
        const record = await spool.take();
        if (record !== undefined) spool.acknowledge(record, accepted);
      }
      const peer = start();
      peer.hasBreaker = true;
      for (let second = 0; second < seconds; second += 1) await clock.advance(1000);
      // The bound of attempts while the peer is down.
      expect(peer.attempts).toBeLessThanOrEqual(5 + seconds);
      const { attempts } = peer;
      peer.outcome = accepted;
      await clock.advance(2000);
      expect(peer.attempts).toBeGreaterThan(attempts);
      await clock.advance(1000);
      expect(left()).toBe(0);
    },
  );

  it('does not delay records behind others that are never accepted', async () => {
    const peer = start();
    peer.hasBreaker = true;
    const bad = new Set(range(0, 10));
    peer.outcomeOf = (id) => (bad.has(id) ? UNAVAILABLE : accepted);
    for (let second = 0; second < 120; second += 1) await clock.advance(1000);
    expect(left()).toBe(bad.size);
    // There is at most one attempt each time that the breaker allows one.
    const { attempts } = peer;
    for (let second = 0; second < 100; second += 1) await clock.advance(1000);
    expect(peer.attempts - attempts).toBeLessThanOrEqual(100);
  });

  it('begins as soon as the breaker closes', async () => {
    const peer = start();
    await clock.advance(20_000);
    peer.open = true;
    await clock.advance(600_000);
    const { attempts } = peer;
    peer.outcome = accepted;
    await clock.advance(10_000);
    expect(peer.attempts).toBe(attempts);
    peer.open = false;
    await clock.advance(500);
    expect(left()).toBe(0);
  });

  it('begins when live batches are accepted again', async () => {
    const peer = start();
    peer.outcome = retry('RESOURCE_EXHAUSTED');
    for (let ms = 0; ms < 120_000; ms += 1000) await clock.advance(1000);
    peer.outcome = accepted;
    const { attempts } = peer;
    peer.sentBytes += 1000;
    await clock.advance(500);
    expect(peer.attempts).toBeGreaterThan(attempts);
  });

  it('reports each record once that may arrive twice', async () => {
    const peer = start();
    const failed = new Map<number, number>();
    peer.outcomeOf = (id) => {
      failed.set(id, (failed.get(id) ?? 0) + 1);
      // Record 0 loses its answer twice. Record 1 finds no server twice. The others arrive.
      if (id === 0 && (failed.get(id) ?? 0) < 3) return retry('ECONNRESET');
      if (id === 1 && (failed.get(id) ?? 0) < 3) return retry('ECONNREFUSED');
      return accepted;
    };
    for (let second = 0; second < 60; second += 1) await clock.advance(1000);
    expect([left(), peer.doubtful]).toEqual([0, [0]]);
  });

  it('has at most 8 MiB in flight, however large the batches are', async () => {
    const peer = start();
    peer.outcome = accepted;
    for (const id of range(0, 60)) await spool.append(batch(id, 1_000_000));
    for (let second = 0; second < 30; second += 1) await clock.advance(1000);
    expect(left()).toBe(0);
    expect(peer.mostInFlight).toBeGreaterThan(2_000_000);
    expect(peer.mostInFlight).toBeLessThanOrEqual(8 * 1024 * 1024 + 1_000_000);
  });

  it('keeps a pause that the peer asked for, even if live batches are accepted', async () => {
    const peer = start();
    peer.outcome = retry('RESOURCE_EXHAUSTED', 30_000);
    await clock.advance(10_000);
    peer.sentBytes += 1000;
    peer.open = true;
    await clock.advance(1000);
    peer.open = false;
    await clock.advance(18_000);
    expect(peer.attempts).toBe(1);
    await clock.advance(2000);
    expect(peer.attempts).toBeGreaterThan(1);
  });
});
