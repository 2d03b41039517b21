import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { TracerProvider as SdkTracerProvider } from '@opentelemetry/sdk-trace';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import type { OtelConfig } from '../options/otel.config.js';
import { unvouchedIds } from '../tracer/random-flag.js';
import { buildSampler } from './sampler.js';

export interface ProviderContext {
  readonly resource: Resource;
  readonly spanProcessors: SpanProcessor[];
  /** For metrics of the tracer about itself. */
  readonly meterProvider?: MeterProvider;
}

/** The stock tracer, in a file of its own: with it comes a package that the other tracer does not need. */
export const buildSdkTracerProvider = (
  { sampler, limits, idGenerator }: OtelConfig['traces'],
  context: ProviderContext,
): TracerProvider =>
  new SdkTracerProvider({
    ...context,
    sampler: buildSampler(sampler),
    spanLimits: limits,
    ...(idGenerator && { idGenerator: unvouchedIds(idGenerator) }),
  });
