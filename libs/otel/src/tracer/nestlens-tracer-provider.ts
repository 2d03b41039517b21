import type { Attributes, Tracer, TracerProvider } from '@opentelemetry/api';
import {
  ATTR_EXCEPTION_MESSAGE,
  ATTR_EXCEPTION_STACKTRACE,
  ATTR_EXCEPTION_TYPE,
} from '@opentelemetry/semantic-conventions';
import { defaultResource } from '@opentelemetry/resources';
import type { Sampler, TracerProviderOptions } from '@opentelemetry/sdk-trace';
import { nameOf } from './span-parts.js';
import { NestlensTracer } from './nestlens-tracer.js';
import { samplingRule } from './sampling-rule.js';
import type { SamplingRule } from './sampling-rule.js';
import { limitsOf } from './span-limits.js';
import { SpanProcessors } from './span-processors.js';
import { TracerMetrics } from './tracer-metrics.js';
import type { ProviderParts } from './tracer-parts.js';

const FLUSH_TIMEOUT_MS = 30_000;

/** The options of the SDK's provider, and what ours can do besides. */
export interface NestlensTracerProviderOptions extends Omit<TracerProviderOptions, 'sampler'> {
  /** Default: everything is sampled unless the span above is not. */
  readonly sampler?: Sampler | SamplingRule;
  /** The attributes of an exception event. It must not throw. Default: name, message and stack. */
  readonly exceptionAttributes?: (thrown: unknown) => Attributes;
}

const plainException = (thrown: unknown): Attributes => {
  if (typeof thrown !== 'object' || thrown === null) {
    return { [ATTR_EXCEPTION_MESSAGE]: nameOf(thrown) };
  }
  try {
    const { name, message, stack } = thrown as Partial<Error>;
    return {
      [ATTR_EXCEPTION_TYPE]: name,
      [ATTR_EXCEPTION_MESSAGE]: message,
      [ATTR_EXCEPTION_STACKTRACE]: stack,
    };
  } catch {
    return { [ATTR_EXCEPTION_TYPE]: 'unreadable' };
  }
};

/** A tracer provider with the spans of our own, in the place of the SDK's. */
export class NestlensTracerProvider implements TracerProvider {
  readonly #parts: ProviderParts;
  readonly #tracers = new Map<string, NestlensTracer>();

  constructor(options: NestlensTracerProviderOptions = {}) {
    const { sampler, meterProvider } = options;
    this.#parts = {
      resource: options.resource ?? defaultResource(),
      limits: limitsOf(options.spanLimits),
      processors: new SpanProcessors(options.spanProcessors ?? []),
      sampling: sampler ?? samplingRule('parentbased_always_on', 1),
      idGenerator: options.idGenerator,
      metrics: meterProvider && new TracerMetrics(meterProvider),
      exceptionAttributes: options.exceptionAttributes ?? plainException,
    };
  }

  /** The same tracer for the same scope. */
  getTracer(name: string, version?: string, options?: { readonly schemaUrl?: string }): Tracer {
    const schemaUrl = options?.schemaUrl;
    const key = `${name}@${version ?? ''}:${schemaUrl ?? ''}`;
    const known = this.#tracers.get(key);
    if (known !== undefined) return known;
    const scope = {
      name,
      ...(version !== undefined && { version }),
      ...(schemaUrl !== undefined && { schemaUrl }),
    };
    const tracer = new NestlensTracer({ ...this.#parts, scope });
    this.#tracers.set(key, tracer);
    return tracer;
  }

  /** Rejects if a processor fails, or takes longer than `timeoutMillis` (default: 30,000). */
  forceFlush(options?: { readonly timeoutMillis?: number }): Promise<void> {
    return this.#parts.processors.forceFlush(options?.timeoutMillis ?? FLUSH_TIMEOUT_MS);
  }

  /** Rejects if a processor does. Safe twice. */
  shutdown(): Promise<void> {
    return this.#parts.processors.shutdown();
  }
}
