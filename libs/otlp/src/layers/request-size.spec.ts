import { accepted, partial, refused, retry } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import type { Batch } from '../send/sender.js';
import { beginTrail } from '../send/trail.js';
import { ManualClock } from '../send/fixtures/manual-clock.js';
import { never } from './fixtures/scripted-sender.js';
import { LEAST_BYTES, requestSize } from './request-size.js';
import type { RequestSize } from './request-size.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const DEADLINE_MS = 1000;

describe('requestSize', () => {
  let clock: ManualClock;
  let layer: RequestSize;

  async function attempt(
    bytes: number,
    outcome: Outcome,
    tookMs = 0,
    isUnsent = false,
  ): Promise<void> {
    const batch: Batch = { signal: 'traces', items: 1, bytes, chunks: [] };
    const trail = { ...beginTrail(), unsent: isUnsent };
    const sender = layer({
      async send() {
        clock.block(tookMs);
        return outcome;
      },
      close: () => Promise.resolve(),
    });
    expect(await sender.send(batch, never(), trail)).toBe(outcome);
  }

  beforeEach(() => {
    clock = new ManualClock();
    layer = requestSize({ deadlineMs: DEADLINE_MS, clock });
  });

  it.each([accepted, partial(1, ''), refused('400'), retry('503'), retry('ECONNREFUSED')])(
    'has no limit after %p',
    async (outcome) => {
      await attempt(MIB, outcome, DEADLINE_MS - 1);
      expect(layer.maxBytes()).toBe(Infinity);
    },
  );

  it.each(['timeout', 'DEADLINE_EXCEEDED', 'keepalive_timeout'])(
    'falls to a quarter of a size that timed out (%s), once for each size',
    async (reason) => {
      for (let at = 0; at < 3; at += 1) await attempt(MIB, retry(reason), DEADLINE_MS);
      expect(layer.maxBytes()).toBe(256 * KIB);
      await attempt(256 * KIB, retry(reason), DEADLINE_MS);
      expect(layer.maxBytes()).toBe(64 * KIB);
      for (let at = 0; at < 9; at += 1) await attempt(64 * KIB, retry(reason), DEADLINE_MS);
      expect(layer.maxBytes()).toBe(LEAST_BYTES);
    },
  );

  it('does not change for small requests, nor for requests that were never sent', async () => {
    await attempt(LEAST_BYTES, retry('timeout'), DEADLINE_MS);
    await attempt(MIB, retry('timeout'), DEADLINE_MS, true);
    expect(layer.maxBytes()).toBe(Infinity);
  });

  it('grows to the size that takes a quarter of the deadline', async () => {
    await attempt(MIB, retry('timeout'), DEADLINE_MS);
    await attempt(256 * KIB, retry('timeout'), DEADLINE_MS);
    await attempt(64 * KIB, retry('timeout'), DEADLINE_MS);
    // The peer reads 200 KiB/s.
    for (let at = 0; at < 20; at += 1) {
      const bytes = Math.min(layer.maxBytes(), MIB);
      await attempt(bytes, accepted, (bytes / (200 * KIB)) * 1000);
    }
    expect(layer.maxBytes()).toBeGreaterThan(49 * KIB);
    expect(layer.maxBytes()).toBeLessThanOrEqual(50 * KIB);
  });

  it('is removed again after a few fast answers of a collector that hung', async () => {
    for (const bytes of [MIB, 256 * KIB, 64 * KIB, 64 * KIB]) {
      await attempt(bytes, retry('timeout'), DEADLINE_MS);
    }
    expect(layer.maxBytes()).toBe(LEAST_BYTES);
    for (let at = 0; at < 6; at += 1) await attempt(LEAST_BYTES, accepted, 2);
    expect(layer.maxBytes()).toBe(MIB);
    for (let at = 0; at < 6; at += 1) await attempt(MIB, accepted, 2);
    expect(layer.maxBytes()).toBe(Infinity);
  });
});
