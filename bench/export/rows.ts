import type { Spread } from '../figures/statistics.ts';
import { spreadText, tableOf } from '../figures/table.ts';
import type { Figure } from './groups.ts';
import type { Series } from './rounds.ts';

export interface Row {
  readonly figure: string;
  readonly unit: string;
  readonly official: Spread | undefined;
  readonly ours: Spread;
  readonly ratio: Spread | undefined;
  readonly must: string;
  readonly verdict: 'holds' | 'falls short' | 'told';
}

export function rowOf(figure: Figure, series: readonly Series[]): Row | undefined {
  const { measure, must } = figure;
  const found = series.find(({ variant }) => variant === figure.variant);
  const ours = found?.values[measure];
  if (ours === undefined) return undefined;
  const ratio = found?.ratios[measure];
  const judged = must?.of === 'ratio' ? ratio : ours;
  return {
    figure: figure.name,
    unit: figure.unit,
    official: series.find(({ variant }) => variant === 'official')?.values[measure],
    ours,
    ratio,
    must: mustText(figure),
    verdict: must === undefined ? 'told' : holds(must, judged?.median) ? 'holds' : 'falls short',
  };
}

/** A figure that could not be measured does not hold. */
const holds = (
  { atMost = Infinity, atLeast = -Infinity }: NonNullable<Figure['must']>,
  value = Number.NaN,
): boolean => value <= atMost && value >= atLeast;

function mustText({ must, unit }: Figure): string {
  if (must === undefined) return '-';
  const bound = must.atMost === undefined ? `>= ${must.atLeast}` : `<= ${must.atMost}`;
  return must.of === 'ratio' ? `${bound} x` : `${bound} ${unit}`;
}

const HEAD = ['figure', 'official', 'ours', 'ratio', 'must', 'verdict'];

export const tableOfRows = (rows: readonly Row[]): string => tableOf(HEAD, rows.map(cellsOf));

const cellsOf = ({ figure, unit, official, ours, ratio, must, verdict }: Row): string[] => [
  figure,
  official === undefined ? '-' : `${spreadText(official)} ${unit}`,
  `${spreadText(ours)} ${unit}`,
  ratio === undefined ? '-' : spreadText(ratio),
  must,
  verdict,
];
