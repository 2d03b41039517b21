import type { Attributes, Context, Span, SpanKind, Tracer } from '@opentelemetry/api';
import { warnOfFault } from '../faults/fault-log.js';

/** The start attributes of a span, read no further than somebody asks. */
export interface SpanSource {
  /** Those by which a sampler may decide. Called only for a sampler that reads attributes. */
  attributes(): Attributes;
  /** Sets all start attributes, also those by which samplers decide. Called once, for a recording span only. */
  describe(span: Span): void;
}

/** What our own tracer offers beyond OpenTelemetry's. The room's {@link startLazily} calls it where a tracer has it. */
export interface LazyTracer extends Tracer {
  /**
   * Starts a span below that of `parent`. For a span that is not recorded nothing of `source` is read, unless a sampler
   * reads attributes, and no ID is made before somebody asks for one.
   */
  startLazily(name: string, kind: SpanKind, parent: Context, source: SpanSource): Span;
}

const isLazy = (tracer: Tracer): tracer is LazyTracer =>
  typeof (tracer as Partial<LazyTracer>).startLazily === 'function';

/** Has `source` describe a recording span. */
export const describe = (span: Span, source: SpanSource): void => {
  try {
    source.describe(span);
  } catch (error) {
    warnOfFault('A span could not be described', error);
  }
};

/** Starts a span on any tracer: at once with its attributes on one that is not a {@link LazyTracer}. */
export const startLazily = (
  tracer: Tracer,
  name: string,
  kind: SpanKind,
  parent: Context,
  source: SpanSource,
): Span => {
  if (isLazy(tracer)) return tracer.startLazily(name, kind, parent, source);
  const span = tracer.startSpan(name, { kind, attributes: source.attributes() }, parent);
  if (span.isRecording()) describe(span, source);
  return span;
};
