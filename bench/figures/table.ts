import type { Judged } from './musts.ts';
import type { Spread } from './statistics.ts';

/** Columns of equal width, for a terminal. */
export function tableOf(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const all = [head, ...lines];
  const widths = head.map((_, column) =>
    Math.max(...all.map((cells) => cells[column]?.length ?? 0)),
  );
  return all
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(' | ')
        .trimEnd(),
    )
    .join('\n');
}

export const spreadText = ({ median, mad }: Spread): string => `${short(median)} ±${short(mad)}`;

/** Three digits; all of a number of four or more. */
export const short = (value: number): string =>
  Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));

export const JUDGED_HEAD = ['figure', 'value', 'must', 'aim', 'verdict'];

export const judgedLine = ({ name, unit, value, atMost, aim, verdict }: Judged): string[] => [
  name,
  `${spreadText(value)} ${unit}`,
  `<= ${atMost}`,
  aim === undefined ? '' : `<= ${aim}`,
  verdict,
];
