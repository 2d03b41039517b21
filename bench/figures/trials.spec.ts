import { compared, perTrial } from './trials.ts';

const one = (subject: string, ms: number) => ({ subject, ms });
const trials = [
  [one('bare', 100), one('ours', 150), one('http', 400)],
  [one('bare', 200), one('ours', 280)],
  [one('bare', 100), one('ours', 140), one('http', 300)],
];

describe('trials', () => {
  it('give one value each, from what was measured in the same trial', () => {
    const ratio = perTrial(trials, ['ours', 'bare'], (ours, bare) => ours.ms / bare.ms);
    expect(ratio?.median).toBeCloseTo(1.4);
  });

  it('do not count without one of the subjects, and say nothing without any', () => {
    expect(perTrial(trials, ['http'], ({ ms }) => ms)).toEqual({ median: 350, mad: 50 });
    expect(perTrial(trials, ['sentry', 'bare'], ({ ms }) => ms)).toBeUndefined();
    expect(perTrial([], ['bare'], () => 1)).toBeUndefined();
  });

  it('become a table and bars, the part of bare Nest first', () => {
    const { head, lines, panel } = compared('CPU', 'ms', trials, ({ ms }) => ms);
    expect(head).toEqual(['subject', 'ms', 'over bare', 'ratio to bare']);
    expect(lines).toEqual([
      ['bare Nest', '100 ±0', '-', '-'],
      ['Nestlens', '150 ±10', '50 ±10', '1.4 ±0'],
      ['NodeSDK, http instrumentation alone', '350 ±50', '250 ±50', '3.5 ±0.5'],
    ]);
    expect(panel?.bars).toEqual([
      { label: 'bare Nest', base: 100, added: 0, text: '100 ms', kind: 'reference' },
      { label: 'Nestlens', base: 100, added: 50, text: '150 ms, x1.40', kind: 'ours' },
      {
        label: 'NodeSDK, http instrumentation alone',
        base: 100,
        added: 250,
        text: '350 ms, x3.50',
        kind: 'peer',
      },
    ]);
  });
});
