import { viewOf } from './span-view.js';
import type { AnySpan, SpanView } from './span-view.js';

/** A span with its children. */
export interface SpanNode {
  readonly span: SpanView;
  /** Children, in the order of their starts. */
  readonly children: readonly SpanNode[];
  /** True: its parent is not among the spans. It is remote, has not ended, or is lost. */
  readonly lacksParent: boolean;
}

interface GrowingNode extends SpanNode {
  readonly children: SpanNode[];
  lacksParent: boolean;
  parent: GrowingNode | undefined;
}

/**
 * Links spans to trees, one for each root and for each span without its parent. Traces and siblings are in the
 * order of their starts. A span that arrived twice is in the tree twice. A span that is its own ancestor counts
 * as a span without its parent.
 */
export const toSpanTree = (spans: Iterable<AnySpan>): SpanNode[] => {
  const nodes: GrowingNode[] = [...spans]
    .map(viewOf)
    .toSorted(byStart)
    .map((span) => ({
      span,
      children: [],
      lacksParent: span.parentSpanId !== '',
      parent: undefined,
    }));
  const byId = new Map(nodes.toReversed().map((node) => [idOf(node.span), node]));
  const roots: SpanNode[] = [];
  for (const node of nodes) {
    const parent = node.lacksParent ? byId.get(parentIdOf(node.span)) : undefined;
    if (parent === undefined || descendsFrom(parent, node)) {
      roots.push(node);
      continue;
    }
    node.parent = parent;
    node.lacksParent = false;
    parent.children.push(node);
  }
  return roots;
};

const descendsFrom = (node: GrowingNode, ancestor: GrowingNode): boolean => {
  for (let at: GrowingNode | undefined = node; at !== undefined; at = at.parent) {
    if (at === ancestor) return true;
  }
  return false;
};

/** Returns every span of the trees, parents before children. */
export const flattenSpanTree = (roots: readonly SpanNode[]): SpanView[] =>
  roots.flatMap((node) => [node.span, ...flattenSpanTree(node.children)]);

const idOf = (span: SpanView): string => `${span.traceId}:${span.spanId}`;
const parentIdOf = (span: SpanView): string => `${span.traceId}:${span.parentSpanId}`;

/** Spans of the same nanosecond keep their order of arrival. */
const byStart = (a: SpanView, b: SpanView): number => {
  if (a.startTime === b.startTime) return 0;
  return a.startTime < b.startTime ? -1 : 1;
};
