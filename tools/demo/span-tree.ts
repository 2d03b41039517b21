import { styleText } from 'node:util';
import type { Trace, TraceSpan } from './lens.ts';

/**
 * Throws an error that names the missing parts. A trace is complete when it has these services, one root and
 * every parent.
 */
export function requireWhole(trace: Trace, services: readonly string[]): void {
  const missing = services.filter((name) => !trace.services.includes(name));
  if (missing.length > 0) throw new Error(`no span of ${missing.join(', ')} has come`);
  if (trace.missingParents.length > 0) {
    throw new Error(`parents that have not come: ${trace.missingParents.join(', ')}`);
  }
  const roots = trace.spans.filter((span) => span.depth === 0).length;
  if (roots !== 1) throw new Error(`${roots} roots instead of one`);
}

/** Prints the spans as a table whose first column is the tree. */
export function spanTree(trace: Trace): string {
  const rows = trace.spans.map((span, index) => ({
    span,
    left: branch(trace.spans, index),
    name: `${span.service}  ${span.name}`,
  }));
  const width = Math.max(...rows.map(({ left, name }) => left.length + name.length));
  const head = `trace ${trace.traceId}  ${trace.spans.length} spans, ${trace.durationMs.toFixed(1)} ms`;
  const lines = rows.map(({ span, left, name }) => {
    const label = name.padEnd(width - left.length);
    const [service, rest] = [label.slice(0, span.service.length), label.slice(span.service.length)];
    const duration = `${span.durationMs.toFixed(2)} ms`.padStart(11);
    const kind = styleText('dim', span.kind.padEnd(8));
    return `${styleText('dim', left)}${styleText('cyan', service)}${rest}  ${kind}${duration}  ${status(span)}`;
  });
  return [styleText('bold', head), ...lines].join('\n');
}

function status({ status: { code, message } }: TraceSpan): string {
  if (code === 'error') return styleText('red', message === '' ? 'error' : `error: ${message}`);
  return code === 'ok' ? 'ok' : '-';
}

/**
 * Returns the tree lines in front of the span at `index`: `├─` or `└─`, and `│` for each ancestor with further
 * children.
 */
function branch(spans: readonly TraceSpan[], index: number): string {
  const { depth } = spans[index]!;
  let strokes = '';
  for (let level = 1; level <= depth; level += 1) {
    const next = spans.slice(index + 1).find((later) => later.depth <= level);
    const more = next !== undefined && next.depth === level;
    if (level < depth) strokes += more ? '│  ' : '   ';
    else strokes += more ? '├─ ' : '└─ ';
  }
  return strokes;
}
