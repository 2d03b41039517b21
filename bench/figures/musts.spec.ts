import { judge, musts } from './musts.ts';
import type { Must } from './musts.ts';
import { judgedLine, tableOf } from './table.ts';

const value = (median: number) => ({ median, mad: 0 });

describe('a must', () => {
  it('holds up to its bound, and is better where the aim is reached', () => {
    expect(judge('express-ratio', value(1.31)).verdict).toBe('falls short');
    expect(judge('express-ratio', value(1.3)).verdict).toBe('holds');
    expect(judge('express-ratio', value(1.2)).verdict).toBe('aim reached');
    expect(judge('series', value(60)).verdict).toBe('holds');
  });

  it('falls short where nothing was measured', () => {
    expect(judge('start', value(Number.NaN)).verdict).toBe('falls short');
  });

  it.each(Object.entries(musts))('%s aims at no more than it must', (_, must: Must) => {
    expect(must.aim ?? 0).toBeLessThanOrEqual(must.atMost);
  });

  it('is a line of a table with columns of one width', () => {
    const line = judgedLine(judge('memory-idle', { median: 12.345, mad: 0.5 }));
    expect(line).toEqual(['RSS over bare, idle', '12.3 ±0.5 MiB', '<= 25', '', 'holds']);
    expect(tableOf(['a', 'b'], [['1234', 'x']])).toBe('a    | b\n1234 | x');
  });
});
