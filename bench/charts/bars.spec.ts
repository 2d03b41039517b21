import type { Panel } from '../figures/section.ts';
import { barChart, stepFor } from './bars.ts';
import { parseXml } from './fixtures/parse-xml.ts';
import { element, escaped } from './svg.ts';

const panel: Panel = {
  title: 'CPU <per> "request" & more',
  unit: 'us',
  must: 130,
  bars: [
    { label: 'bare Nest', base: 100, added: 0, text: '100 us', kind: 'reference' },
    { label: 'Nestlens', base: 100, added: 20, text: '120 us, x1.20', kind: 'ours' },
    { label: 'a peer', base: 100, added: 100, text: '200 us, x2.00', kind: 'peer' },
    { label: 'cheaper than bare', base: 100, added: -10, text: '90 us', kind: 'peer' },
  ],
};

const widths = (svg: string, kind: string): number[] =>
  [...svg.matchAll(new RegExp(`width="([\\d.]+)" height="16" class="${kind}"`, 'g'))].map(
    ([, width]) => Number(width),
  );

describe('a chart of bars', () => {
  const svg = barChart('What a request costs', 'one machine', [panel, { ...panel, bars: [] }]);

  it('is well-formed, and keeps what is not SVG in texts', () => {
    const { name, texts } = parseXml(svg);
    expect(name).toBe('svg');
    expect(texts).toContain('CPU <per> "request" & more (us)');
    expect(texts).toContain('What a request costs');
    expect(texts).toContain('120 us, x1.20');
  });

  it('draws what is added in proportion to what is there', () => {
    const [bare = 0] = widths(svg, 'base');
    const [ours = 0] = widths(svg, 'ours');
    const [peer = 0, ...none] = widths(svg, 'peer');
    expect(ours / bare).toBeCloseTo(0.2, 2);
    expect(peer / bare).toBeCloseTo(1, 2);
    expect(none).toEqual([]);
    expect((widths(svg, 'base').at(-1) ?? 0) / bare).toBeCloseTo(0.9, 2);
  });

  it('has a number for each line of the axis, and no more than five', () => {
    expect([3, 10, 12, 130, 900, 0.07].map(stepFor)).toEqual([1, 2.5, 5, 50, 250, 0.02]);
  });

  it('shows where the must is', () => {
    expect(svg).toContain('class="must"');
    expect(barChart('a', 'b', [{ ...panel, must: undefined }])).not.toContain('class="must"');
  });
});

describe('SVG', () => {
  it('escapes what would end a text or a value', () => {
    expect(escaped('a<b> & "c"')).toBe('a&lt;b&gt; &amp; &quot;c&quot;');
    expect(element('a', { b: '"<', c: 1 / 3 })).toBe('<a b="&quot;&lt;" c="0.33"/>');
  });

  it('is refused by the parser of these specs when it is not well-formed', () => {
    expect(() => parseXml('<svg><g></svg>')).toThrow('</svg> ends <g>');
    expect(() => parseXml('<svg>')).toThrow('svg has no end');
    expect(() => parseXml('<svg a=b/>')).toThrow('not a tag');
    expect(() => parseXml('<svg>a & b</svg>')).toThrow('not escaped');
  });
});
