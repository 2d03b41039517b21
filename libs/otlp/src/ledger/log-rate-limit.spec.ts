import { LogRateLimit } from './log-rate-limit.js';

describe('LogRateLimit', () => {
  it('admits one line for each cause and minute, with the number of suppressed ones', () => {
    const limit = new LogRateLimit();
    const admitted: (readonly [number, number])[] = [];
    for (let now = 0; now < 180_000; now += 1000) {
      const suppressed = limit.admit('refused', now);
      if (suppressed !== undefined) admitted.push([now, suppressed]);
    }
    expect(admitted).toEqual([
      [0, 0],
      [60_000, 59],
      [120_000, 59],
    ]);
    expect(limit.admit('other', 180_000)).toBe(0);
  });

  it('suppresses nothing if each line has its own minute', () => {
    const limit = new LogRateLimit();
    expect([limit.admit('a', 0), limit.admit('a', 60_000)]).toEqual([0, 0]);
  });

  it('is bounded if every cause is new, and forgets old causes', () => {
    const limit = new LogRateLimit({ maxCauses: 200 });
    const causes = Array.from({ length: 10_000 }, (_, n) => `cause ${n}`);
    const admitted = causes.filter((cause) => limit.admit(cause, 0) !== undefined);
    expect(admitted).toHaveLength(201);
    expect(limit.admit('cause 10000', 60_000)).toBe(0);
  });
});
