import type { Frame } from '../profile/cpu-profile.ts';
import { element, escaped, picture, text } from './svg.ts';

const WIDTH = 1200;
const MARGIN = 12;
const ROW = 17;
const TOP = 76;
const CHARACTER = 6.6;
/** Narrower frames are left out: nobody could read or point at them. */
const LEAST_WIDTH = 0.6;
const LEGEND_ROW = 18;
const LEGEND_COLUMNS = 6;

const STYLE = `
  .ground { fill: #fff }
  text { font: 11px ui-monospace, monospace; fill: #111; pointer-events: none }
  .title { font: 600 17px system-ui, sans-serif }
  .small { font: 12px system-ui, sans-serif; fill: #555 }
  rect.frame { stroke: #fff; stroke-width: .5 }
  rect.frame:hover { stroke: #000 }
`;

/** Ours stand out; what a request runs through anyway is pale. */
const COLORS: readonly (readonly [owner: RegExp, color: string])[] = [
  [/^otel\//, '#2e9e68'],
  [/^otlp\//, '#57b98a'],
  [/^@opentelemetry\//, '#e0a030'],
  [/^@nestjs\//, '#e58a9b'],
  [/^rxjs$/, '#c77dd1'],
  [/^(express|router|finalhandler|body-parser|fastify|find-my-way)$/, '#9db8e8'],
  [/^app$/, '#f2d24b'],
  [/^node$/, '#d9d9d9'],
  [/^\(garbage collector\)$/, '#d0604a'],
];

const colorOf = (owner: string): string => COLORS.find(([of]) => of.test(owner))?.[1] ?? '#c9d3c0';

export interface FlameOptions {
  readonly title: string;
  readonly subtitle: string;
  /** Requests of the profile: times are told for one of them. */
  readonly requests: number;
}

/** Returns a flame graph: callers above what they call, as wide as the time that they take. */
export function flameGraph(root: Frame, { title, subtitle, requests }: FlameOptions): string {
  const drawn: string[] = [];
  const owners = new Map<string, number>();
  let deepest = 0;
  const scale = (WIDTH - 2 * MARGIN) / Math.max(root.us, 1);
  const perRequest = (us: number): string => `${(us / requests).toFixed(2)} us per request`;
  const draw = (frame: Frame, x: number, depth: number): void => {
    const width = frame.us * scale;
    if (width < LEAST_WIDTH) return;
    deepest = Math.max(deepest, depth);
    const y = TOP + depth * ROW;
    const tip =
      `${frame.name} (${frame.owner}): ${perRequest(frame.us)}, ${perRequest(frame.selfUs)} itself, ` +
      `${((frame.us / root.us) * 100).toFixed(1)} %`;
    const box = { x, y, width, height: ROW - 1, fill: colorOf(frame.owner), class: 'frame' };
    const room = Math.floor((width - 6) / CHARACTER);
    drawn.push(element('rect', box, element('title', {}, escaped(tip))));
    if (room > 2) drawn.push(text(frame.name.slice(0, room), { x: x + 3, y: y + 12 }));
    owners.set(frame.owner, (owners.get(frame.owner) ?? 0) + frame.selfUs);
    let left = x;
    for (const callee of frame.callees) {
      draw(callee, left, depth + 1);
      left += callee.us * scale;
    }
  };
  draw(root, MARGIN, 0);
  const legendTop = TOP + (deepest + 2) * ROW;
  const most = [...owners].toSorted(([, a], [, b]) => b - a).slice(0, 4 * LEGEND_COLUMNS);
  for (const [at, [owner, us]] of most.entries()) {
    const x = MARGIN + ((at % LEGEND_COLUMNS) * (WIDTH - 2 * MARGIN)) / LEGEND_COLUMNS;
    const y = legendTop + Math.floor(at / LEGEND_COLUMNS) * LEGEND_ROW;
    drawn.push(
      element('rect', { x, y: y - 10, width: 11, height: 11, fill: colorOf(owner) }),
      text(`${owner} ${(us / requests).toFixed(1)}`, { x: x + 16, y }),
    );
  }
  const rows = Math.ceil(most.length / LEGEND_COLUMNS);
  return picture({ width: WIDTH, height: legendTop + rows * LEGEND_ROW + MARGIN, title }, STYLE, [
    text(title, { x: MARGIN, y: 26, class: 'title' }),
    text(subtitle, { x: MARGIN, y: 46, class: 'small' }),
    text(`main thread, ${perRequest(root.us)}; below: us per request in each package itself`, {
      x: MARGIN,
      y: 64,
      class: 'small',
    }),
    ...drawn,
  ]);
}
