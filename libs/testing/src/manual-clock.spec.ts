import { ManualClock, systemClock } from './manual-clock.js';
import type { Clock } from './manual-clock.js';

/** Records the times of its tries, which are one second apart. */
const retry = async (clock: Clock, tries: number[]): Promise<void> => {
  while (tries.length < 3) {
    tries.push(clock.now());
    await new Promise<void>((resolve) => clock.setTimeout(resolve, 1000));
  }
};

describe('ManualClock', () => {
  it('does not move by itself', () => {
    const clock = new ManualClock(500);
    clock.setTimeout(() => {}, 0);
    expect([clock.now(), clock.pending, clock.nextDelayMs]).toEqual([500, 1, 0]);
  });

  it('runs timers when they are due, in order', async () => {
    const clock = new ManualClock();
    const ran: string[] = [];
    for (const [name, delay] of [
      ['c', 20],
      ['a', 10],
      ['b', 10],
      ['d', 31],
    ] as const) {
      clock.setTimeout(() => ran.push(`${name}@${clock.now()}`), delay);
    }
    await clock.advance(30);
    expect(ran).toEqual(['a@10', 'b@10', 'c@20']);
    expect([clock.now(), clock.nextDelayMs]).toEqual([30, 1]);
  });

  it('runs promises between timers, and the timers that they set', async () => {
    const clock = new ManualClock();
    const tries: number[] = [];
    const done = retry(clock, tries);
    await clock.advance(3000);
    await done;
    expect(tries).toEqual([0, 1000, 2000]);
  });

  it('does not run cleared timers, and a second clear is safe', async () => {
    const clock = new ManualClock();
    let ran = 0;
    const timer = clock.setTimeout(() => ran++, 1);
    clock.clearTimeout(timer);
    clock.clearTimeout(timer);
    clock.clearTimeout(undefined);
    await clock.advance(10);
    expect([ran, clock.pending, clock.nextDelayMs]).toEqual([0, 0, undefined]);
  });
});

describe('systemClock', () => {
  it('runs and clears timers of Node', async () => {
    const start = systemClock.now();
    let cleared = true;
    const timer = systemClock.setTimeout(() => (cleared = false), 1);
    systemClock.clearTimeout(timer);
    await new Promise<void>((resolve) => systemClock.setTimeout(resolve, 2));
    expect(cleared).toBe(true);
    expect(systemClock.now()).toBeGreaterThan(start);
  });
});
