import { fits, printed } from './expected-value.js';
import type { ExpectedValue } from './expected-value.js';
import { formatNodes } from './span-tree-format.js';
import { toSpanTree } from './span-tree.js';
import type { SpanNode } from './span-tree.js';
import type { AnySpan, SpanKindName, SpanStatusName, SpanView } from './span-view.js';
import { UnmetExpectation } from './unmet-expectation.js';

/** An event that a span must have. */
export interface ExpectedEvent {
  readonly name: string;
  /** Attributes to compare. Others may be present. */
  readonly attributes?: Readonly<Record<string, ExpectedValue>>;
}

/** A span that must be in the tree. Absent fields are not compared. */
export interface ExpectedSpan {
  readonly name: string | RegExp;
  readonly kind?: SpanKindName;
  readonly status?: SpanStatusName;
  readonly statusMessage?: string | RegExp;
  /** `service.name` of the resource. */
  readonly service?: string;
  /** Name of the instrumentation scope. */
  readonly scope?: string;
  /** Attributes to compare. Others may be present. */
  readonly attributes?: Readonly<Record<string, ExpectedValue>>;
  /** The span must have these events in this order. Others may be between them. `[]`: it must have no event. */
  readonly events?: readonly (string | ExpectedEvent)[];
  /** The span must have exactly these children, in any order. `[]`: it must have no child. */
  readonly children?: readonly ExpectedSpan[];
}

/** Options of `expectSpanTree`. */
export interface ExpectSpanTreeOptions {
  /** Allows further trees among the spans. Default: false. */
  others?: boolean;
}

/**
 * Fails unless the spans form the expected tree, or each of the expected trees once. The failure prints both, with
 * the closest span for each missing one.
 */
export const expectSpanTree = (
  spans: Iterable<AnySpan>,
  expected: ExpectedSpan | readonly ExpectedSpan[],
  options: ExpectSpanTreeOptions = {},
): void => {
  const roots = toSpanTree(spans);
  const wanted: readonly ExpectedSpan[] = isList(expected) ? expected : [expected];
  const faults = faultsOfSiblings(roots, wanted, '', options.others === true);
  if (faults.length === 0) return;
  throw new UnmetExpectation(
    'ERR_SPAN_TREE',
    [
      'the spans are not the expected tree:',
      ...faults.map((fault) => `  - ${fault}`),
      '',
      'expected:',
      ...wanted.flatMap((root) => formatExpected(root, '', '')),
      '',
      'found:',
      formatNodes(roots, { attributes: attributesNamedIn(wanted), events: true }),
    ].join('\n'),
  );
};

/** Siblings may come in any order, so each expected span is paired with a span that fulfils all of it. */
const faultsOfSiblings = (
  nodes: readonly SpanNode[],
  wanted: readonly ExpectedSpan[],
  path: string,
  others: boolean,
): string[] => {
  const matches = wanted.map((one) => nodes.map((node) => faultsOf(node, one, path).length === 0));
  const pairs = pair(matches, nodes.length);
  const taken = new Set(pairs.values());
  const spare = nodes.filter((_, index) => !taken.has(index));
  const faults: string[] = [];
  for (const [index, one] of wanted.entries()) {
    if (pairs.has(index)) continue;
    const closest = closestTo(one, spare, path);
    if (closest === undefined) faults.push(`${path}${label(one)}: missing`);
    else {
      spare.splice(spare.indexOf(closest.node), 1);
      faults.push(...closest.faults);
    }
  }
  if (!others) {
    faults.push(...spare.map(({ span }) => `${path}${titleOf(span)}: not expected`));
  }
  return faults;
};

const faultsOf = (node: SpanNode, wanted: ExpectedSpan, path: string): string[] => {
  const { span } = node;
  const here = `${path}${titleOf(span)}`;
  const faults: string[] = [];
  const differ = (what: string, expected: unknown, found: unknown): void => {
    if (expected === undefined || fits(expected, found)) return;
    faults.push(`${here}: ${what}: expected ${printed(expected)}, found ${printed(found)}`);
  };
  differ('name', wanted.name, span.name);
  differ('kind', wanted.kind, span.kind);
  differ('status', wanted.status, span.status);
  differ('status message', wanted.statusMessage, span.statusMessage);
  differ('service', wanted.service, span.service);
  differ('scope', wanted.scope, span.scope);
  for (const [key, expected] of Object.entries(wanted.attributes ?? {})) {
    const found = span.attributes[key];
    if (expected !== undefined) differ(`attribute ${key}`, expected, found);
    else if (found !== undefined) faults.push(`${here}: attribute ${key}: found ${printed(found)}`);
  }
  if (wanted.events !== undefined) faults.push(...faultsOfEvents(span, wanted.events, here));
  if (wanted.children !== undefined) {
    faults.push(...faultsOfSiblings(node.children, wanted.children, `${here} > `, false));
  }
  return faults;
};

const faultsOfEvents = (
  span: SpanView,
  wanted: NonNullable<ExpectedSpan['events']>,
  here: string,
): string[] => {
  if (wanted.length === 0) return span.events.map(({ name }) => `${here}: event ${name}: found`);
  let from = 0;
  for (const one of wanted) {
    const { name, attributes = {} } = typeof one === 'string' ? { name: one } : one;
    const at = span.events.findIndex(
      (event, index) =>
        index >= from &&
        event.name === name &&
        Object.entries(attributes).every(([key, value]) => fits(value, event.attributes[key])),
    );
    if (at === -1) {
      const asked = Object.keys(attributes).length === 0 ? name : `${name} ${printed(attributes)}`;
      return [
        `${here}: event ${asked}: missing, found ${printed(span.events.map((event) => event.name))}`,
      ];
    }
    from = at + 1;
  }
  return [];
};

const isList = (value: ExpectedSpan | readonly ExpectedSpan[]): value is readonly ExpectedSpan[] =>
  Array.isArray(value);

/** Pairs as many rows as possible with a column each (augmenting paths). Returns the column of each row. */
const pair = (matches: readonly (readonly boolean[])[], columns: number): Map<number, number> => {
  const owner: number[] = Array.from({ length: columns }, () => -1);
  const settle = (row: number, tried: Set<number>): boolean => {
    for (const [column, match] of (matches[row] ?? []).entries()) {
      if (!match || tried.has(column)) continue;
      tried.add(column);
      const before = owner[column] ?? -1;
      if (before === -1 || settle(before, tried)) {
        owner[column] = row;
        return true;
      }
    }
    return false;
  };
  for (const row of matches.keys()) settle(row, new Set());
  return new Map(owner.flatMap((row, column) => (row === -1 ? [] : [[row, column]])));
};

/** Prefers spans with an equal name, and among them the one with the fewest differences. */
const closestTo = (
  wanted: ExpectedSpan,
  nodes: readonly SpanNode[],
  path: string,
): { node: SpanNode; faults: string[] } | undefined => {
  const named = nodes.filter((node) => fits(wanted.name, node.span.name));
  const rated = (named.length > 0 ? named : nodes).map((node) => ({
    node,
    faults: faultsOf(node, wanted, path),
  }));
  return rated.toSorted((a, b) => a.faults.length - b.faults.length)[0];
};

const titleOf = (span: SpanView): string =>
  span.service === '' ? `"${span.name}"` : `${span.service} "${span.name}"`;

const label = ({ service, name }: ExpectedSpan): string =>
  `${service === undefined ? '' : `${service} `}${printed(name)}`;

const formatExpected = (wanted: ExpectedSpan, lead: string, indent: string): string[] => {
  const { service, name, children, attributes = {}, events, ...rest } = wanted;
  const facts = [
    ...Object.entries({ ...rest, ...attributes }).map(([key, value]) => `${key}=${printed(value)}`),
    ...(events === undefined ? [] : [`events=${printed(events)}`]),
  ];
  const title = `${service === undefined ? '' : `${service}  `}${typeof name === 'string' ? name : String(name)}`;
  const nested = (children ?? []).flatMap((child, index, all) => {
    const last = index === all.length - 1;
    return formatExpected(
      child,
      `${indent}${last ? '└─ ' : '├─ '}`,
      `${indent}${last ? '   ' : '│  '}`,
    );
  });
  return [`${lead}${title}${facts.length === 0 ? '' : `  ${facts.join(' ')}`}`, ...nested];
};

const attributesNamedIn = (wanted: readonly ExpectedSpan[]): string[] => [
  ...new Set(
    wanted.flatMap((one) => [
      ...Object.keys(one.attributes ?? {}),
      ...attributesNamedIn(one.children ?? []),
    ]),
  ),
];
