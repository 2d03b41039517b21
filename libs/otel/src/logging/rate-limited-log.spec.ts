import { RateLimitedLog } from './rate-limited-log.js';

const make = () => {
  const lines: string[] = [];
  const clock = { ms: 0 };
  const log = new RateLimitedLog({
    write: (level, line) => void lines.push(`${level} ${line}`),
    now: () => clock.ms,
  });
  return { lines, clock, log };
};

describe('RateLimitedLog', () => {
  it('prints one line per cause and minute, then with the count kept back', () => {
    const { lines, clock, log } = make();
    for (; clock.ms < 180_000; clock.ms += 1000) log.warn('refused', `refused at ${clock.ms}`);
    log.error('other', 'other');
    expect(lines).toEqual([
      'warn refused at 0',
      'warn refused at 60000 (and 59 more like it since then)',
      'warn refused at 120000 (and 59 more like it since then)',
      'error other',
    ]);
  });

  it('says nothing of a count where nothing was kept back', () => {
    const { lines, clock, log } = make();
    log.warn('a', 'a');
    clock.ms = 60_000;
    log.warn('a', 'a');
    expect(lines).toEqual(['warn a', 'warn a']);
  });

  it('is bounded when every cause is new, and forgets old ones', () => {
    const { lines, clock, log } = make();
    for (let i = 0; i < 10_000; i++) log.warn(`cause ${i}`, 'x');
    expect(lines).toHaveLength(201);
    clock.ms = 60_000;
    log.warn('cause 10000', 'fresh');
    expect(lines.at(-1)).toBe('warn fresh');
  });
});
