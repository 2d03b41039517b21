import { accepted, refused, retry as again } from '../send/outcome.js';
import type { Batch } from '../send/sender.js';
import { gapsInFailure, Storm } from './fixtures/storm.js';

const SEEDS = [1, 2, 3, 4];

describe.each(SEEDS)('an outage, seed %d', (seed) => {
  it.each([
    ['refused', again('ECONNREFUSED'), 2],
    ['unavailable', again('UNAVAILABLE'), 32],
    ['silent', 'silence', 8],
    ['failing with an internal error', again('internal_error'), 4],
  ] as const)(
    'of a peer that is %s for a minute loses nothing and sends few requests',
    async (_name, reply, limit) => {
      const storm = new Storm(seed, limit);
      await storm.live(5000, 50);
      expect(storm.settled.length).toBe(storm.made);
      const downAt = storm.clock.now();
      storm.reply = () => reply;
      let opened = -1;
      storm.circuit.onChange((state) => {
        if (state.kind === 'open' && opened < 0)
          opened = storm.answers.filter(({ ok }) => !ok).length;
      });
      await storm.live(60_000, 50);

      expect(opened).toBeGreaterThanOrEqual(0);
      expect(opened).toBeLessThanOrEqual(5);
      for (let from = downAt + 10_000; from < downAt + 55_000; from += 500) {
        expect(storm.attemptsBetween(from, from + 5000)).toBeLessThanOrEqual(5);
      }
      for (const gap of gapsInFailure(storm)) expect(gap).toBeGreaterThanOrEqual(100);

      const backAt = storm.clock.now();
      storm.reply = () => accepted;
      await storm.live(reply === 'silence' ? 4000 : 2000, 50);
      const first = storm.answers.find(({ end, ok }) => ok && end > backAt);
      // A probe that is sent while the peer is silent ends at its timeout first.
      expect((first?.end ?? Infinity) - backAt).toBeLessThanOrEqual(
        reply === 'silence' ? 4000 : 2000,
      );
      await storm.clock.advance(20_000);
      expect(storm.settled.length).toBe(storm.made);
      expect(storm.settled.every(({ outcome }) => outcome.kind === 'accepted')).toBe(true);
      expect([storm.lost, storm.twice]).toEqual([0, 0]);
      expect(await storm.end()).toBe(0);
    },
  );

  it("ends within 2 s of the peer's return, even if only one batch waits", async () => {
    const storm = new Storm(seed);
    storm.reply = () => again('ECONNREFUSED');
    await storm.live(50, 50);
    await storm.clock.advance(60_000);
    storm.reply = () => accepted;
    const backAt = storm.clock.now();
    await storm.clock.advance(2000);
    expect(storm.settled).toHaveLength(1);
    expect((storm.settled[0]?.at ?? Infinity) - backAt).toBeLessThanOrEqual(2000);
    expect(await storm.end()).toBe(0);
  });

  it('of half of all requests loses nothing, and attempts stay 100 ms apart', async () => {
    const storm = new Storm(seed, 8);
    storm.reply = () => (storm.random() < 0.5 ? again('UNAVAILABLE') : accepted);
    await storm.live(60_000, 500);
    for (const gap of gapsInFailure(storm)) expect(gap).toBeGreaterThanOrEqual(100);
    storm.reply = () => accepted;
    await storm.clock.advance(60_000);
    expect(storm.settled.length).toBe(storm.made);
    expect(storm.settled.every(({ outcome }) => outcome.kind === 'accepted')).toBe(true);
    expect(await storm.end()).toBe(0);
  });

  it('of 3 s in every 5 s loses nothing', async () => {
    const storm = new Storm(seed, 4);
    storm.reply = () => (storm.clock.now() % 5000 < 2000 ? accepted : again('ECONNREFUSED'));
    await storm.live(120_000, 250);
    expect([storm.lost, storm.twice]).toEqual([0, 0]);
    await storm.clock.advance(30_000);
    expect(storm.settled.length).toBe(storm.made);
    expect(storm.settled.every(({ outcome }) => outcome.kind === 'accepted')).toBe(true);
    for (const gap of gapsInFailure(storm)) expect(gap).toBeGreaterThanOrEqual(100);
    expect(await storm.end()).toBe(0);
  });

  it('with pauses that the peer asks for keeps each of them, and the breaker stays closed', async () => {
    const storm = new Storm(seed, 8);
    const asked = [0, 1000, 5000, 315_360_000_000];
    const pauses = new Map<Batch, { until: number }>();
    let early = 0;
    storm.peer.script = ({ batch, answer }) => {
      const now = storm.clock.now();
      if (now < (pauses.get(batch)?.until ?? 0)) early += 1;
      if (storm.random() < 0.7) {
        answer(accepted);
        return undefined;
      }
      const afterMs = asked[Math.floor(storm.random() * 4)] ?? 0;
      pauses.set(batch, { until: now + Math.min(60_000, Math.max(100, afterMs)) });
      answer(again('RESOURCE_EXHAUSTED', afterMs));
      return undefined;
    };
    await storm.live(30_000, 100);
    // Metrics are sent one at a time, so their pauses add up.
    for (let minutes = 0; storm.settled.length < storm.made && minutes < 120; minutes += 10) {
      await storm.clock.advance(600_000);
    }
    expect(early).toBe(0);
    expect(pauses.size).toBeGreaterThan(0);
    expect(storm.circuit.state().kind).toBe('closed');
    expect(storm.settled.length).toBe(storm.made);
    expect(await storm.end()).toBe(0);
  });

  it('of a peer that refuses everything repeats nothing, and the breaker stays closed', async () => {
    const storm = new Storm(seed);
    storm.reply = () => refused('UNAUTHENTICATED');
    await storm.live(10_000, 50);
    await storm.clock.advance(100);
    expect(storm.peer.attempts).toHaveLength(storm.made);
    expect(storm.circuit.state().kind).toBe('closed');
    expect(await storm.end()).toBe(0);
  });

  it('at a shutdown returns every batch within 2.2 s', async () => {
    const storm = new Storm(seed, 16);
    storm.reply = () => again('ECONNREFUSED');
    await storm.live(20_000, 100);
    storm.retries.stopWaiting();
    await storm.clock.advance(2200);
    expect(storm.retries.waiting()).toBe(0);
    expect([storm.lost, storm.twice]).toEqual([0, 0]);
    expect(storm.settled.every(({ outcome }) => outcome.kind === 'retry')).toBe(true);
    expect(await storm.end()).toBe(0);
  });
});
