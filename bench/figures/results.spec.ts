import { parseXml } from '../charts/fixtures/parse-xml.ts';
import type { Machine } from './machine.ts';
import { judge } from './musts.ts';
import { chartOf, merged, pageOf } from './results.ts';
import type { Findings, Section } from './section.ts';

const machine = (date: string): Machine => ({
  date,
  commit: 'abc1234',
  node: 'v24.21.0',
  processor: 'a processor x 2',
  memoryGiB: 24,
  system: 'linux x64',
  cores: 'nothing pinned',
  load: '0.10 0.20 0.30',
});

const section = (title: string, value: string): Section => ({
  title,
  head: ['subject', 'ms'],
  lines: [['bare | Nest', value]],
  panel: {
    title,
    unit: 'ms',
    bars: [{ label: 'bare Nest', base: 1, added: 0, text: value, kind: 'reference' }],
  },
});

const findings = (given: Partial<Findings>): Findings => ({
  bench: 'start',
  how: '3 trials',
  sections: [],
  judged: [],
  remarks: [],
  ...given,
});

const value = (median: number) => ({ median, mad: 0 });

describe('results', () => {
  const none = { sections: [], judged: [] };
  const first = merged(
    none,
    findings({
      sections: [section('until it answers', '1 ms'), section('until it listens', '2 ms')],
      judged: [judge('start', value(1.4)), judge('series', value(70))],
    }),
    machine('2026-01-01 10:00'),
  );
  const second = merged(
    first,
    findings({
      sections: [section('until it answers', '3 ms')],
      judged: [judge('start', value(1.5))],
    }),
    machine('2026-01-02 10:00'),
  );

  it('keep what a later run did not measure, each part with its run', () => {
    expect(second.sections.map(({ part, machine: { date } }) => [part.title, date])).toEqual([
      ['until it listens', '2026-01-01 10:00'],
      ['until it answers', '2026-01-02 10:00'],
    ]);
    expect(second.judged.map(({ part }) => [part.id, part.verdict])).toEqual([
      ['series', 'falls short'],
      ['start', 'falls short'],
    ]);
  });

  it('keep a part of the same title of another bench', () => {
    const other = findings({ bench: 'cold', sections: [section('until it answers', '9 ms')] });
    expect(merged(second, other, machine('2026-01-03 10:00')).sections.length).toBe(3);
  });

  it('are a page with the musts in their order, and tables that Markdown can read', () => {
    const page = pageOf(second);
    expect(page.indexOf('CPU until the first answer')).toBeLessThan(page.indexOf('series that an'));
    expect(page).toContain('| bare \\| Nest | 3 ms |');
    expect(page).toContain('## start: until it answers');
    expect(page).not.toContain('| bare \\| Nest | 1 ms |');
  });

  it('are a chart that is well-formed', () => {
    const { texts } = parseXml(chartOf(second));
    expect(texts).toContain('until it answers (ms)');
    expect(texts).toContain('3 ms');
  });
});
