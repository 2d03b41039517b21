import { trace } from '@opentelemetry/api';
import type { Span, SpanOptions, Tracer } from '@opentelemetry/api';
import { contextOr, contexts } from '../context/contexts.js';

/**
 * `startActiveSpan` of any tracer. `args` are those behind the name: the function, with options, or options and context,
 * before it. An error of the function goes to its caller.
 */
export const startActive = <F extends (span: Span) => unknown>(
  tracer: Tracer,
  name: string,
  args: readonly unknown[],
): ReturnType<F> => {
  const act = args.at(-1) as F;
  if (typeof act !== 'function') return undefined as ReturnType<F>;
  const options = args.length > 1 ? (args[0] as SpanOptions) : undefined;
  const parent = args.length > 2 ? contextOr(args[1]) : contexts.active();
  const span = tracer.startSpan(name, options, parent);
  return contexts.with(trace.setSpan(parent, span), act as never, undefined, span as never);
};
