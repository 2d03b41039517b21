import { isRoot } from '../admission/span.js';
import type { StoredSpan } from '../store/trace.js';

export interface TreeSpan {
  readonly stored: StoredSpan;
  readonly depth: number;
}

export interface SpanTree {
  /** Parents before children, siblings by start time. */
  readonly spans: readonly TreeSpan[];
  /** Parents that spans refer to and that are not in the trace. */
  readonly missingParents: readonly string[];
  /** Spans that arrived more than once, as with a repeated export. */
  readonly duplicates: number;
}

/**
 * Orders a trace as a tree, without recursion. A span whose parent is missing begins a tree of its own; so does the
 * earliest span of a cycle.
 */
export function spanTree(all: readonly StoredSpan[]): SpanTree {
  // 1. One span for each id: the last one received is the sender's latest version.
  const byId = new Map<string, StoredSpan>();
  for (const stored of all) byId.set(stored.span.spanId, stored);
  const unique = [...byId.values()].toSorted(byStart);

  // 2. Children under their parents. They are in order of start, since `unique` is sorted.
  const children = new Map<string, StoredSpan[]>();
  const roots: StoredSpan[] = [];
  const missing = new Set<string>();
  for (const stored of unique) {
    const parent = stored.span.parentSpanId;
    if (isRoot(stored.span)) roots.push(stored);
    else if (!byId.has(parent)) {
      missing.add(parent);
      roots.push(stored);
    } else {
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [stored]);
      else siblings.push(stored);
    }
  }

  // 3. Depth first from the roots, then from spans that only a cycle leads to.
  const spans: TreeSpan[] = [];
  const seen = new Set<StoredSpan>();
  for (const root of roots) walk(root, children, seen, spans);
  for (const stored of unique) walk(stored, children, seen, spans);
  return {
    spans,
    missingParents: [...missing],
    duplicates: all.length - unique.length,
  };
}

function walk(
  root: StoredSpan,
  children: ReadonlyMap<string, readonly StoredSpan[]>,
  seen: Set<StoredSpan>,
  into: TreeSpan[],
): void {
  const waiting: TreeSpan[] = [{ stored: root, depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next.stored)) continue;
    seen.add(next.stored);
    into.push(next);
    const below = children.get(next.stored.span.spanId);
    if (below === undefined) continue;
    for (let i = below.length - 1; i >= 0; i -= 1) {
      waiting.push({ stored: below[i]!, depth: next.depth + 1 });
    }
  }
}

function byStart(a: StoredSpan, b: StoredSpan): number {
  const left = a.span.startTime;
  const right = b.span.startTime;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
