import type { Bar, Panel } from '../figures/section.ts';
import { element, picture, text } from './svg.ts';

const WIDTH = 900;
const MARGIN = 24;
const LABELS = 300;
/** To the right of the longest bar, for its text. */
const TEXTS = 150;
const ROW = 26;
const BAR = 16;
const HEAD = 34;
const AXIS = 30;
const GAP = 22;
const TOP = 64;
const TICKS = 4;

const STYLE = `
  .ground { fill: #fff }
  text { font: 13px system-ui, sans-serif; fill: #222 }
  .title { font-size: 18px; font-weight: 600 }
  .panel { font-weight: 600 }
  .small { font-size: 11px; fill: #666 }
  .grid { stroke: #ddd }
  .base { fill: #c3c9d1 }
  .ours { fill: #1f7a4d }
  .peer { fill: #c2703d }
  .must { stroke: #b00020; stroke-width: 2; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #e6edf3 } .small { fill: #9aa4af }
    .grid { stroke: #30363d } .base { fill: #57606a } .ours { fill: #3fb27f } .peer { fill: #d98e5f }
  }
`;

/** Returns the smallest of 1, 2, 2.5 and 5 times a power of ten that makes at most four steps to `most`. */
export function stepFor(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most / TICKS));
  return [1, 2, 2.5, 5, 10].map((times) => times * power).find((step) => step * TICKS >= most) ?? 1;
}

const heightOf = ({ bars }: Panel): number => HEAD + bars.length * ROW + AXIS;

function drawPanel({ title, unit, bars, must }: Panel, top: number): string[] {
  const most = Math.max(
    ...bars.map(({ base, added }) => base + Math.max(0, added)),
    must ?? 0,
    1e-9,
  );
  const left = MARGIN + LABELS;
  const xOf = (value: number): number => left + (value / most) * (WIDTH - left - TEXTS - MARGIN);
  const step = stepFor(most);
  const rows = top + HEAD;
  const bottom = rows + bars.length * ROW;
  const drawn = [text(`${title} (${unit})`, { x: MARGIN, y: top + 18, class: 'panel' })];
  for (let value = 0; value <= most; value += step) {
    const x = xOf(value);
    drawn.push(
      element('line', { x1: x, x2: x, y1: rows, y2: bottom, class: 'grid' }),
      text(String(Number(value.toPrecision(3))), {
        x,
        y: bottom + 16,
        class: 'small',
        'text-anchor': 'middle',
      }),
    );
  }
  for (const [at, bar] of bars.entries()) drawn.push(...drawBar(bar, rows + at * ROW, xOf));
  if (must !== undefined) {
    const x = xOf(must);
    drawn.push(
      element('line', { x1: x, x2: x, y1: rows - 4, y2: bottom, class: 'must' }),
      text('must', { x, y: rows - 8, class: 'small', 'text-anchor': 'middle' }),
    );
  }
  return drawn;
}

function drawBar(
  { label, base, added, text: end, kind }: Bar,
  y: number,
  xOf: (value: number) => number,
): string[] {
  const from = xOf(0);
  const middle = xOf(Math.min(base, base + added));
  const to = xOf(base + added);
  const [textY, barY] = [y + ROW / 2 + 4, y + (ROW - BAR) / 2];
  const fill = kind === 'reference' ? 'base' : kind;
  return [
    text(label, { x: from - 8, y: textY, 'text-anchor': 'end' }),
    element('rect', { x: from, y: barY, width: middle - from, height: BAR, class: 'base' }),
    ...(to > middle
      ? [element('rect', { x: middle, y: barY, width: to - middle, height: BAR, class: fill })]
      : []),
    text(end, { x: Math.max(to, middle) + 8, y: textY }),
  ];
}

/** Returns a chart of panels of bars: the grey part of each is what bare Nest takes, the rest is what is added. */
export function barChart(title: string, subtitle: string, panels: readonly Panel[]): string {
  const drawn = [
    text(title, { x: MARGIN, y: 32, class: 'title' }),
    text(subtitle, { x: MARGIN, y: 52, class: 'small' }),
  ];
  let top = TOP;
  for (const panel of panels) {
    drawn.push(...drawPanel(panel, top));
    top += heightOf(panel) + GAP;
  }
  return picture({ width: WIDTH, height: top, title }, STYLE, drawn);
}
