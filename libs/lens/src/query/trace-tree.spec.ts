import type { Span } from '@nestlens/otlp/wire';
import { MS, span, spanId, START } from '../fixtures/samples.js';
import type { StoredSpan } from '../store/trace.js';
import { spanTree } from './trace-tree.js';

const A = spanId(1);
const B = spanId(2);
const C = spanId(3);
function stored(values: Partial<Span>): StoredSpan {
  return {
    span: span(values),
    source: undefined as unknown as StoredSpan['source'],
  };
}
function rows(all: StoredSpan[]) {
  return spanTree(all).spans.map(({ stored: one, depth }) => `${depth}:${one.span.name}`);
}

describe('spanTree', () => {
  it('puts parents before children and siblings by their start', () => {
    const all = [
      stored({ spanId: C, parentSpanId: A, name: 'late', startTime: START + 2n * MS }),
      stored({ spanId: spanId(4), parentSpanId: B, name: 'leaf', startTime: START + 5n * MS }),
      stored({ spanId: B, parentSpanId: A, name: 'early', startTime: START + MS }),
      stored({ spanId: A, name: 'root' }),
    ];
    expect(rows(all)).toEqual(['0:root', '1:early', '2:leaf', '1:late']);
  });

  it('starts a tree at each span whose parent is missing, and names that parent once', () => {
    const all = [
      stored({ spanId: B, parentSpanId: A, name: 'b' }),
      stored({ spanId: C, parentSpanId: A, name: 'c', startTime: START + MS }),
    ];
    expect(rows(all)).toEqual(['0:b', '0:c']);
    expect(spanTree(all).missingParents).toEqual([A]);
  });

  it('contains each span of a cycle once, and each span that is its own parent', () => {
    const all = [
      stored({ spanId: A, parentSpanId: B, name: 'a' }),
      stored({ spanId: B, parentSpanId: A, name: 'b', startTime: START + MS }),
      stored({ spanId: C, parentSpanId: C, name: 'c', startTime: START + 2n * MS }),
    ];
    expect(rows(all)).toEqual(['0:a', '1:b', '0:c']);
  });

  it('contains a span once if it was exported twice', () => {
    const once = { spanId: A, name: 'root' };
    expect(spanTree([stored(once), stored(once)])).toMatchObject({
      duplicates: 1,
      spans: [{ depth: 0 }],
    });
  });

  it('handles 100,000 children and a chain of 100,000 without recursion', () => {
    const children = Array.from({ length: 100_000 }, (_, i) =>
      stored({ spanId: spanId(i + 10), parentSpanId: A }),
    );
    expect(spanTree([stored({ spanId: A }), ...children]).spans).toHaveLength(100_001);
    const chain = Array.from({ length: 100_000 }, (_, i) =>
      stored({ spanId: spanId(i), parentSpanId: i === 0 ? '' : spanId(i - 1) }),
    );
    expect(spanTree(chain).spans.at(-1)?.depth).toBe(99_999);
  });
});
