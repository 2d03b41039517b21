import type { Judged } from './musts.ts';
import { JUDGED_HEAD, judgedLine, tableOf } from './table.ts';

/** One bar of a chart: what the reference costs, and what comes on top of it. */
export interface Bar {
  readonly label: string;
  readonly base: number;
  readonly added: number;
  /** At its end. */
  readonly text: string;
  readonly kind: 'reference' | 'ours' | 'peer';
}

export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
  /** A line that ours must not cross. */
  readonly must?: number;
}

/** What one table of a bench says, and how it looks in a chart. */
export interface Section {
  readonly title: string;
  readonly head: readonly string[];
  readonly lines: readonly (readonly string[])[];
  readonly panel?: Panel;
}

/** All that one bench found out. */
export interface Findings {
  readonly bench: string;
  /** How it was run: trials, load. */
  readonly how: string;
  readonly sections: readonly Section[];
  readonly judged: readonly Judged[];
  /** What a reader should know of the figures: subjects that lost spans, or were not steady. */
  readonly remarks: readonly string[];
}

export const findingsText = ({ how, sections, judged, remarks }: Findings): string =>
  [
    how,
    ...sections.map(({ title, head, lines }) => `${title}\n${tableOf(head, lines)}`),
    ...(judged.length > 0 ? [tableOf(JUDGED_HEAD, judged.map(judgedLine))] : []),
    ...(remarks.length > 0 ? [remarks.join('\n')] : []),
  ].join('\n\n');
