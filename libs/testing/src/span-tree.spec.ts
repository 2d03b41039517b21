import { receivedSpan } from './received-span.js';
import { flattenSpanTree, toSpanTree } from './span-tree.js';

const names = (...spans: Parameters<typeof receivedSpan>[0][]) =>
  toSpanTree(spans.map(receivedSpan)).map((root) =>
    flattenSpanTree([root]).map(({ name }) => name),
  );

describe('toSpanTree', () => {
  it('links children to parents in the order of their starts', () => {
    expect(
      names(
        { name: 'second', spanId: '03', parentSpanId: '01', startTime: 20n },
        { name: 'first', spanId: '02', parentSpanId: '01', startTime: 10n },
        { name: 'root', spanId: '01', startTime: 5n },
        { name: 'below first', spanId: '04', parentSpanId: '02', startTime: 30n },
      ),
    ).toEqual([['root', 'first', 'below first', 'second']]);
  });

  it('separates traces that use the same span ids', () => {
    expect(
      names(
        { name: 'a', traceId: 'a1', spanId: '01' },
        { name: 'b', traceId: 'b1', spanId: '01' },
        { name: 'below b', traceId: 'b1', spanId: '02', parentSpanId: '01' },
      ),
    ).toEqual([['a'], ['b', 'below b']]);
  });

  it('marks a span whose parent is missing', () => {
    const [root] = toSpanTree([receivedSpan({ name: 'a', spanId: '01', parentSpanId: 'ff' })]);
    expect(root).toMatchObject({ lacksParent: true, span: { name: 'a' } });
  });

  it('contains a span twice if it arrived twice', () => {
    expect(names({ name: 'a', spanId: '01' }, { name: 'a', spanId: '01' })).toEqual([['a'], ['a']]);
  });

  it('contains each span of a circle', () => {
    const circle = names(
      { name: 'a', spanId: '01', parentSpanId: '02' },
      { name: 'b', spanId: '02', parentSpanId: '01' },
      { name: 'self', spanId: '03', parentSpanId: '03' },
    );
    expect(circle.flat().toSorted()).toEqual(['a', 'b', 'self']);
  });
});
