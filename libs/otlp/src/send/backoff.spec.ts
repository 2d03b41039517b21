import { Backoff, Cooldown } from './backoff.js';
import { ManualClock } from './fixtures/manual-clock.js';

function cooldown(clock: ManualClock, random: number): Cooldown {
  return new Cooldown(
    clock,
    new Backoff({ firstMs: 100, maxMs: 5000, jitter: 0.25, random: () => random }),
  );
}

describe('Backoff', () => {
  it('grows by its factor up to its maximum, for any number of failures', () => {
    const backoff = new Backoff({ firstMs: 100, maxMs: 500, factor: 1.5 });
    expect([1, 2, 3, 5, 2000].map((failures) => backoff.afterMs(failures))).toEqual([
      100, 150, 225, 500, 500,
    ]);
  });
});

describe('Cooldown', () => {
  it('is 0 before the first failure, then doubles up to its maximum', () => {
    const endpoint = cooldown(new ManualClock(), 0.5);
    expect(endpoint.remainingMs).toBe(0);
    const delays = Array.from({ length: 8 }, () => {
      endpoint.failed();
      return endpoint.remainingMs;
    });
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  });

  it.each([
    [0, 75],
    [1, 125],
  ])('varies by a quarter (random %i)', (random, delay) => {
    const endpoint = cooldown(new ManualClock(), random);
    endpoint.failed();
    expect(endpoint.remainingMs).toBe(delay);
  });

  it('passes with time, and starts anew after a success', () => {
    const clock = new ManualClock();
    const endpoint = cooldown(clock, 0.5);
    endpoint.failed();
    clock.advanceAtOnce(60);
    expect(endpoint.remainingMs).toBe(40);
    clock.advanceAtOnce(60);
    expect(endpoint.remainingMs).toBe(0);
    endpoint.succeeded();
    endpoint.failed();
    expect(endpoint.remainingMs).toBe(100);
  });
});
