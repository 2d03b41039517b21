import { SpanKind } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';

/** Spans that another instrumentation makes of work for which this package makes spans too. */
export interface Overlap {
  /** Name and version of the instrumentation scope. */
  readonly scope: string;
  readonly protocol: 'http' | 'grpc';
  readonly side: 'server' | 'client';
}

type OverlapListener = (overlap: Overlap, active: Context) => void;

/** The names of scopes whose spans are of kind SERVER and CLIENT. Others, as that of Express, lie within ours. */
const INSTRUMENTATION = /(?:^|[/-])instrumentation-(http|undici|fetch|grpc)$/;

const SIDES: Readonly<Partial<Record<SpanKind, Overlap['side']>>> = {
  [SpanKind.SERVER]: 'server',
  [SpanKind.CLIENT]: 'client',
};

/** The protocol of the spans of a scope; `undefined` for nearly all scopes, whose tracers are not watched then. */
export const protocolOf = (scope: string): Overlap['protocol'] | undefined => {
  const [, what] = INSTRUMENTATION.exec(scope) ?? [];
  if (what === undefined) return undefined;
  return what === 'grpc' ? 'grpc' : 'http';
};

/** Reports each overlapping span to its listeners. */
export class Overlaps {
  readonly #listeners = new Set<OverlapListener>();

  /** Returns a function that removes `listener`, which must not throw. */
  listen(listener: OverlapListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  started(scope: Omit<Overlap, 'side'>, kind: SpanKind | undefined, active: Context): void {
    if (this.#listeners.size === 0) return;
    const side = SIDES[kind ?? SpanKind.INTERNAL];
    if (side === undefined) return;
    for (const listener of this.#listeners) listener({ ...scope, side }, active);
  }
}
