import { printed } from './expected-value.js';
import { toSpanTree } from './span-tree.js';
import type { SpanNode } from './span-tree.js';
import type { AnySpan, SpanView } from './span-view.js';

/** Options of `formatSpanTree`. */
export interface FormatSpanTreeOptions {
  /** Attributes printed below their span. Default: none. */
  attributes?: readonly string[] | 'all';
  /** Prints events below their span. Default: false. */
  events?: boolean;
  /** Prints trace id, number of spans and a missing parent above each tree. Default: true. */
  heads?: boolean;
}

interface Line {
  readonly left: string;
  readonly kind: string;
  readonly duration: string;
  readonly status: string;
  readonly below: readonly string[];
}

/**
 * Prints spans as a table with the tree in its first column: service and span, kind, milliseconds, status. An
 * empty line separates traces.
 */
export const formatSpanTree = (
  spans: Iterable<AnySpan>,
  options: FormatSpanTreeOptions = {},
): string => formatNodes(toSpanTree(spans), options);

/** Prints a tree that exists already, like `formatSpanTree`. */
export const formatNodes = (
  roots: readonly SpanNode[],
  options: FormatSpanTreeOptions = {},
): string => {
  if (roots.length === 0) return '(no spans)';
  const trees = roots.map((root) => ({ root, lines: linesOf(root, '', '', options) }));
  const all = trees.flatMap((tree) => tree.lines);
  const widths = {
    left: widest(all.map((line) => line.left)),
    kind: widest(all.map((line) => line.kind)),
    duration: widest(all.map((line) => line.duration)),
  };
  const row = ({ left, kind, duration, status, below }: Line): string[] => [
    `${left.padEnd(widths.left)}  ${kind.padEnd(widths.kind)}  ${duration.padStart(widths.duration)} ms  ${status}`.trimEnd(),
    ...below,
  ];
  return trees
    .map(({ root, lines }) => {
      const head = options.heads === false ? [] : [headOf(root)];
      return [...head, ...lines.flatMap(row)].join('\n');
    })
    .join('\n\n');
};

const linesOf = (
  node: SpanNode,
  lead: string,
  indent: string,
  options: FormatSpanTreeOptions,
): Line[] => {
  const { span, children } = node;
  const title = span.service === '' ? span.name : `${span.service}  ${span.name}`;
  const stem = `${indent}${children.length > 0 ? '│' : ' '}    `;
  const line: Line = {
    left: `${lead}${title}`,
    kind: span.kind,
    duration: milliseconds(span),
    status: span.statusMessage === '' ? status(span) : `${status(span)}: ${span.statusMessage}`,
    below: detailsOf(span, options).map((detail) => `${stem}${detail}`),
  };
  const nested = children.flatMap((child, index) => {
    const last = index === children.length - 1;
    return linesOf(
      child,
      `${indent}${last ? '└─ ' : '├─ '}`,
      `${indent}${last ? '   ' : '│  '}`,
      options,
    );
  });
  return [line, ...nested];
};

const detailsOf = (span: SpanView, options: FormatSpanTreeOptions): string[] => {
  const { attributes = [] } = options;
  const keys = attributes === 'all' ? Object.keys(span.attributes) : attributes;
  const shown = keys
    .filter((key) => span.attributes[key] !== undefined)
    .map((key) => `${key}=${printed(span.attributes[key])}`);
  const events = options.events === true ? span.events.map((event) => `* ${event.name}`) : [];
  return [...shown, ...events];
};

const headOf = (root: SpanNode): string => {
  const count = countOf(root);
  const parent = root.lacksParent ? `, parent ${root.span.parentSpanId} not among the spans` : '';
  return `trace ${root.span.traceId}  ${count} ${count === 1 ? 'span' : 'spans'}${parent}`;
};

const countOf = (node: SpanNode): number =>
  node.children.reduce((sum, child) => sum + countOf(child), 1);

const status = (span: SpanView): string => (span.status === 'unset' ? '-' : span.status);

const milliseconds = (span: SpanView): string =>
  (Number(span.endTime - span.startTime) / 1e6).toFixed(2);

const widest = (cells: readonly string[]): number =>
  cells.reduce((width, cell) => Math.max(width, cell.length), 0);
