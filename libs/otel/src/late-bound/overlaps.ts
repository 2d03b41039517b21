import { SpanKind } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';

/** Spans that an instrumentation of somebody else makes of work of which this package makes its own. */
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

/** Which protocol a scope makes spans of; `undefined` for nearly all, whose tracers then are not watched. */
export const protocolOf = (scope: string): Overlap['protocol'] | undefined => {
  const [, what] = INSTRUMENTATION.exec(scope) ?? [];
  if (what === undefined) return undefined;
  return what === 'grpc' ? 'grpc' : 'http';
};

/** Whoever wants to know of overlaps is told of each of their spans. */
export class Overlaps {
  readonly #listeners = new Set<OverlapListener>();

  /** Returns how to stop it. `listener` must not throw. */
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
