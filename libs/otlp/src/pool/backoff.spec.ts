import { Backoff } from './backoff.js';
import { ManualClock } from '../send/fixtures/manual-clock.js';

describe('Backoff', () => {
  it('lets the first try through, then doubles to its maximum', () => {
    const backoff = new Backoff(new ManualClock(), 100, 5000, () => 0.5);
    expect(backoff.remainingMs).toBe(0);
    const delays = Array.from({ length: 8 }, () => {
      backoff.failed();
      return backoff.remainingMs;
    });
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  });

  it.each([
    [0, 75],
    [1, 125],
  ])('jitters by a quarter (random %i)', (random, delay) => {
    const backoff = new Backoff(new ManualClock(), 100, 5000, () => random);
    backoff.failed();
    expect(backoff.remainingMs).toBe(delay);
  });

  it('runs out with time and starts over after success', () => {
    const clock = new ManualClock();
    const backoff = new Backoff(clock, 100, 5000, () => 0.5);
    backoff.failed();
    clock.advanceAtOnce(60);
    expect(backoff.remainingMs).toBe(40);
    clock.advanceAtOnce(60);
    expect(backoff.remainingMs).toBe(0);
    backoff.succeeded();
    backoff.failed();
    expect(backoff.remainingMs).toBe(100);
  });
});
