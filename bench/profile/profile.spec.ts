import { flameGraph } from '../charts/flame.ts';
import { parseXml } from '../charts/fixtures/parse-xml.ts';
import { framesOf, ownerOf, selfByOwner } from './cpu-profile.ts';
import type { CpuProfile } from './cpu-profile.ts';

const node = (id: number, functionName: string, url: string, children: readonly number[] = []) => ({
  id,
  callFrame: { functionName, url, lineNumber: 1 },
  children,
});

const OTEL = 'file:///a/node_modules/@nestlens/otel/dist/http/server-request.js';

const profile: CpuProfile = {
  nodes: [
    node(1, '(root)', '', [2, 5, 6]),
    node(2, 'listOnTimeout', 'node:internal/timers', [3, 4]),
    node(3, 'begin', OTEL),
    node(4, 'a<b>', 'file:///a/node_modules/express/lib/router.js'),
    node(5, '(idle)', ''),
    node(6, '(garbage collector)', ''),
  ],
  // The first delta is the time before the first sample.
  samples: [2, 3, 3, 5, 4, 6],
  timeDeltas: [999, 10, 20, 30, 500, 40, 7],
};

describe('a CPU profile', () => {
  const root = framesOf(profile);

  it('gives each function its own time and that of what it calls, without the time of waiting', () => {
    expect(root.us).toBe(10 + 20 + 30 + 40 + 7);
    const [timers, collector] = root.callees;
    expect(timers).toMatchObject({ name: 'listOnTimeout', us: 100, selfUs: 10 });
    expect(timers?.callees).toMatchObject([
      { name: 'begin', us: 50 },
      { name: 'a<b>', us: 40 },
    ]);
    expect(collector).toMatchObject({ name: '(garbage collector)', us: 7 });
    expect(root.callees.length).toBe(2);
  });

  it('adds up by package and by room', () => {
    expect([...selfByOwner(root)]).toEqual([
      ['otel/http', 50],
      ['express', 40],
      ['node', 10],
      ['(garbage collector)', 7],
    ]);
  });

  it('knows whose a file is', () => {
    expect(ownerOf('file:///a/node_modules/b/node_modules/@x/y/z.js', 'f')).toBe('@x/y');
    expect(ownerOf('file:///a/node_modules/@nestlens/otel/dist/index.js', 'f')).toBe('otel/src');
    expect(ownerOf('file:///a/run-1/app.module.js', 'find')).toBe('app');
    expect(ownerOf('', 'writev')).toBe('node');
  });

  it('becomes a flame graph that is well-formed, as wide as the times are long', () => {
    const svg = flameGraph(root, { title: 'A <request>', subtitle: 'ours', requests: 10 });
    const { texts } = parseXml(svg);
    expect(texts).toContain('A <request>');
    expect(texts.find((tip) => tip.startsWith('a<b> (express)'))).toBe(
      'a<b> (express): 4.00 us per request, 4.00 us per request itself, 37.4 %',
    );
    const widths = [...svg.matchAll(/width="([\d.]+)" height="16"/g)].map(([, width]) =>
      Number(width),
    );
    expect(widths.length).toBe(5);
    expect((widths[1] ?? 0) / (widths[0] ?? 1)).toBeCloseTo(100 / 107, 3);
  });
});
