import { ManualClock } from '../send/fixtures/manual-clock.js';
import { createSelfLog } from './self-log.js';
import type { SelfLog } from './self-log.js';

describe('self log', () => {
  let clock: ManualClock;
  let lines: string[];
  let log: SelfLog;

  beforeEach(() => {
    clock = new ManualClock();
    lines = [];
    log = createSelfLog({
      write: (level, line) => lines.push(`${level} ${line}`),
      maxCauses: 4,
      clock,
    });
  });

  it('prints one line for each cause and minute, with the number of lines that it held back', async () => {
    for (let second = 0; second <= 120; second += 1) {
      log.log('warn', 'unreachable', `attempt ${second} failed`);
      if (second < 120) await clock.advance(1000);
    }
    expect(lines).toEqual([
      'warn attempt 0 failed',
      'warn attempt 60 failed (59 more of this kind since the last line)',
      'warn attempt 120 failed (59 more of this kind since the last line)',
    ]);
    expect(clock.pending).toBe(0);
  });

  it('limits each cause separately', () => {
    log.log('warn', 'unreachable', 'down');
    log.log('error', 'rejected', '3 rejected');
    log.log('info', 'unreachable', 'down');
    expect(lines).toEqual(['warn down', 'error 3 rejected']);
  });

  it('limits the number of causes: further ones share a line until old ones are forgotten', async () => {
    for (let cause = 0; cause < 100; cause += 1) log.log('warn', `cause ${cause}`, `line ${cause}`);
    expect(lines).toHaveLength(5);
    await clock.advance(60_000);
    for (let cause = 200; cause < 300; cause += 1) log.log('warn', `cause ${cause}`, 'later');
    expect(lines.length).toBeLessThanOrEqual(10);
  });

  it('does not throw if the output throws', () => {
    let writes = 0;
    const broken = createSelfLog({
      write: () => {
        writes += 1;
        throw new Error('EPIPE');
      },
      clock,
    });
    broken.log('error', 'x', 'y');
    broken.log('error', 'x', 'y');
    expect(writes).toBe(1);
  });
});
