import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type {
  Context,
  Span,
  SpanContext,
  SpanOptions,
  Tracer,
  TracerProvider,
} from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor, TracerProviderOptions } from '@opentelemetry/sdk-trace';
import type { ContractCase } from './contract.js';

/** A provider that is flushed and shut down, as the SDK's. */
export interface ContractProvider extends TracerProvider {
  /** Hands on what has ended. */
  forceFlush(options?: { timeoutMillis?: number }): Promise<void>;
  /** Ends the provider. */
  shutdown(): Promise<void>;
}

/** Makes a provider with the options of the SDK's. */
export type TracerProviderFactory = (options: TracerProviderOptions) => ContractProvider;

/** A processor of which the case gives what it needs. */
export const processor = (given: Partial<SpanProcessor> = {}): SpanProcessor => ({
  onStart: () => {},
  onEnd: () => {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
  ...given,
});

/** A span of another process. */
export const REMOTE: SpanContext = {
  traceId: 'ab'.repeat(16),
  spanId: 'cd'.repeat(8),
  traceFlags: 1,
  isRemote: true,
};

export const below = (context: SpanContext): Context => trace.setSpanContext(ROOT_CONTEXT, context);

/** One provider, its tracer and the spans that have ended. */
export class TracerBench {
  readonly provider: ContractProvider;
  readonly tracer: Tracer;
  readonly ended: ReadableSpan[] = [];

  constructor(create: TracerProviderFactory, options: TracerProviderOptions) {
    const keeps = processor({ onEnd: (span) => void this.ended.push(span) });
    this.provider = create({
      ...options,
      spanProcessors: [...(options.spanProcessors ?? []), keeps],
    });
    this.tracer = this.provider.getTracer('contract', '1.0.0');
  }

  start(options: SpanOptions = {}, context: Context = ROOT_CONTEXT): Span {
    return this.tracer.startSpan('span', options, context);
  }

  /** Starts a span, has `act` work on it, ends it, and returns it as processors see it. */
  done(act: (span: Span) => unknown = () => {}, options: SpanOptions = {}): ReadableSpan {
    const span = this.start(options);
    act(span);
    span.end();
    return this.last();
  }

  last(): ReadableSpan {
    const last = this.ended.at(-1);
    if (last === undefined) throw new Error('no span has ended');
    return last;
  }
}

/** Makes a case of a function that works on a bench. */
export type OnTracer = (
  name: string,
  run: (bench: TracerBench) => void | Promise<void>,
  options?: TracerProviderOptions,
) => ContractCase;
