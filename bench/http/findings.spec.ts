import { costRemarks, judgeLost } from '../cost/beside.ts';
import { costSection, judgeCosts, judgeLatency } from './findings.ts';
import type { Cost } from '../cost/group.ts';
import { missingOf } from '../cost/slice.ts';

const cost = (subject: string, cpuUs: number, given: Partial<Cost> = {}): Cost => ({
  subject,
  cpuUs,
  mainUs: cpuUs,
  perSecond: 1000,
  lost: 0,
  extra: 0,
  isSteady: true,
  ...given,
});

const group = { name: 'express-100', adapter: 'express', ratio: 1 } as const;
const trials = [
  [cost('bare', 100), cost('ours', 120), cost('http', 200)],
  [cost('bare', 200), cost('ours', 250), cost('http', 400)],
  [cost('bare', 100), cost('ours', 130), cost('http', 200)],
];

describe('the findings of http', () => {
  it('compare overheads and ratios within each trial', () => {
    const [overhead, ratio] = judgeCosts(group, trials);
    expect(overhead).toMatchObject({ id: 'express-overhead', value: { median: 0.25 } });
    expect(overhead?.verdict).toBe('holds');
    expect(ratio).toMatchObject({ id: 'express-ratio', value: { median: 1.25 } });
  });

  it('judge nothing where a subject is missing', () => {
    expect(judgeCosts(group, [[cost('bare', 100), cost('http', 200)]])).toEqual([]);
    expect(judgeCosts({ ...group, name: 'express-10', ratio: 0.1 }, trials)).toEqual([]);
  });

  it('show each subject in the table and in the chart, which add up', () => {
    const { lines, panel } = costSection(group, trials);
    expect(lines.map(([subject]) => subject)).toEqual([
      'bare Nest',
      'Nestlens',
      'NodeSDK, http instrumentation alone',
    ]);
    expect(lines.map((cells) => cells[3])).toEqual(['-', '30 ±10', '100 ±0']);
    const [bare, ours] = panel?.bars ?? [];
    expect(bare).toMatchObject({ kind: 'reference', base: 100, added: 0 });
    expect(ours).toMatchObject({ kind: 'ours', base: 100, added: 30, text: '130 us, x1.25' });
  });

  it('call a subject lossy that did not send all, and fail us for one span', () => {
    const lossy = [[cost('bare', 100), cost('ours', 101, { lost: 1 }), cost('http', 200)]];
    expect(costSection(group, lossy).lines.map((cells) => cells[7])).toEqual([
      '0',
      'lossy: 1',
      '0',
    ]);
    expect(judgeLost([trials, lossy])).toMatchObject([{ verdict: 'falls short' }]);
    expect(judgeLost([trials])).toMatchObject([{ verdict: 'aim reached' }]);
    expect(judgeLost([])).toEqual([]);
  });

  it('say which subject was not steady, or sent too many spans', () => {
    const [first = [], ...others] = trials;
    const unsteady = [
      first.map((each) => ({ ...each, isSteady: each.subject !== 'http' })),
      ...others,
    ];
    expect(costRemarks(group.name, unsteady)).toEqual([
      'express-100: http was still getting faster in 1 of 3 trials',
    ]);
    expect(costRemarks(group.name, trials)).toEqual([]);
    const twice = [[cost('ours', 100, { extra: 256 })]];
    expect(costRemarks(group.name, twice)).toEqual([
      'express-100: ours sent 256 spans more than it has to',
    ]);
  });

  it('judge the latency by the ratio within each trial', () => {
    const latency = (subject: string, p99Ms: number) => ({
      subject,
      p99Ms,
      p50Ms: 1,
      perSecond: 1,
    });
    const judged = judgeLatency('express-p99', [
      [latency('bare', 2), latency('ours', 2.1)],
      [latency('bare', 4), latency('ours', 4)],
      [latency('bare', 1), latency('ours', 1.07)],
    ]);
    expect(judged).toMatchObject([{ id: 'express-p99' }]);
    expect(judged[0]?.value.median).toBeCloseTo(1.05);
  });
});

describe('missing spans', () => {
  it('are all that were not received; those that were received twice are less than none', () => {
    expect(missingOf(3000, { ratio: 1, requests: 3000 })).toBe(0);
    expect(missingOf(2999, { ratio: 1, requests: 3000 })).toBe(1);
    expect(missingOf(3256, { ratio: 1, requests: 3000 })).toBe(-256);
    expect(missingOf(3, { ratio: 0, requests: 3000 })).toBe(-3);
  });

  it('are none in the spread of a random share', () => {
    expect(missingOf(310, { ratio: 0.1, requests: 3000 })).toBe(0);
    expect(missingOf(150, { ratio: 0.1, requests: 3000 })).toBe(150);
  });
});
