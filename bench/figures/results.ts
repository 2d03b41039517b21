import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { barChart } from '../charts/bars.ts';
import type { Machine } from './machine.ts';
import { musts } from './musts.ts';
import type { Judged } from './musts.ts';
import type { Findings, Section } from './section.ts';
import { JUDGED_HEAD, judgedLine } from './table.ts';

/** A part of the last results, and the run that it comes from. */
interface Dated<Part> {
  readonly part: Part;
  readonly bench: string;
  readonly how: string;
  readonly machine: Machine;
}

export interface Results {
  readonly sections: readonly Dated<Section>[];
  readonly judged: readonly Dated<Judged>[];
}

/** The order of the page and of the chart. */
const BENCHES = ['http', 'grpc', 'fetch', 'span', 'start', 'cold', 'memory', 'series'];

const fileOf = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** Puts the parts of a run in the place of those that have the same title or judge the same must. */
export function merged(results: Results, findings: Findings, machine: Machine): Results {
  const { bench, how, sections, judged } = findings;
  const dated = <Part>(part: Part): Dated<Part> => ({ part, bench, how, machine });
  const titles = new Set(sections.map(({ title }) => title));
  const ids = new Set<string>(judged.map(({ id }) => id));
  return {
    sections: [
      ...results.sections.filter((old) => old.bench !== bench || !titles.has(old.part.title)),
      ...sections.map(dated),
    ].toSorted((a, b) => BENCHES.indexOf(a.bench) - BENCHES.indexOf(b.bench)),
    judged: [...results.judged.filter(({ part }) => !ids.has(part.id)), ...judged.map(dated)],
  };
}

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

const markdownTable = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...lines.map(row)].join('\n');

const machineText = ({ node, processor, memoryGiB, system, cores }: Machine): string =>
  `Node ${node}, ${processor}, ${memoryGiB} GiB, ${system}; ${cores}`;

const runText = ({ machine, how }: Dated<unknown>): string =>
  `${machine.date} UTC, commit ${machine.commit}, load average ${machine.load} at the start. ${how}.`;

/** Returns the page of the last results, in the order of the musts. */
export function pageOf({ sections, judged }: Results): string {
  const order = Object.keys(musts);
  const inOrder = judged.toSorted((a, b) => order.indexOf(a.part.id) - order.indexOf(b.part.id));
  const machines = [...new Set(sections.map(({ machine }) => machineText(machine)))];
  return [
    '<!-- Written by the benches with --save. Not to be edited by hand. -->',
    '# Results of the benches',
    'What must hold, and the last figures. `x` is a ratio of one run. ' +
      '[Decision 38](../docs/decisions/0038-how-the-benches-measure.md) says how they are measured.',
    ...machines,
    markdownTable(
      [...JUDGED_HEAD, 'measured'],
      inOrder.map(({ part, machine }) => [
        ...judgedLine(part),
        `${machine.date}, ${machine.commit}`,
      ]),
    ),
    '![What Nestlens costs, and what others cost](results.svg)',
    ...sections.map((dated) =>
      [
        `## ${dated.bench}: ${dated.part.title}`,
        markdownTable(dated.part.head, dated.part.lines),
        runText(dated),
      ].join('\n\n'),
    ),
  ].join('\n\n');
}

export function chartOf({ sections }: Results): string {
  const panels = sections.flatMap(({ part }) => part.panel ?? []);
  const { machine } = sections.find(({ part }) => part.panel !== undefined) ?? {};
  const subtitle =
    machine === undefined
      ? ''
      : `grey: bare Nest; ${machine.processor}, Node ${machine.node}; ${machine.date} UTC`;
  return barChart('What observability costs a Nest service', subtitle, panels);
}

/** Keeps the figures of a run in bench/results.json, .md and .svg. */
export function saveResults(findings: Findings, machine: Machine): void {
  const file = fileOf('results.json');
  const before: Results = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Results)
    : { sections: [], judged: [] };
  const results = merged(before, findings, machine);
  writeFileSync(file, JSON.stringify(results));
  writeFileSync(fileOf('results.md'), `${pageOf(results)}\n`);
  writeFileSync(fileOf('results.svg'), chartOf(results));
  const oxfmt = fileURLToPath(new URL('../../node_modules/.bin/oxfmt', import.meta.url));
  execFileSync(oxfmt, [file, fileOf('results.md')], { stdio: 'ignore' });
}
