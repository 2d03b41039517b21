import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { TracerProvider as SdkTracerProvider } from '@opentelemetry/sdk-trace';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { exceptionAttributes } from '../exceptions/exception.js';
import type { OtelConfig } from '../options/otel.config.js';
import { NestlensTracerProvider } from '../tracer/nestlens-tracer-provider.js';
import { unvouchedIds } from '../tracer/random-flag.js';
import { buildSampler, buildSampling } from './sampler.js';

interface ProviderContext {
  readonly resource: Resource;
  readonly spanProcessors: SpanProcessor[];
  /** For metrics of the tracer about itself. */
  readonly meterProvider?: MeterProvider;
}

/** The provider of the tracer that the options name. */
export const buildTracerProvider = (
  { tracer, sampler, limits, idGenerator }: OtelConfig['traces'],
  context: ProviderContext,
): TracerProvider =>
  tracer === 'sdk'
    ? new SdkTracerProvider({
        ...context,
        sampler: buildSampler(sampler),
        spanLimits: limits,
        ...(idGenerator && { idGenerator: unvouchedIds(idGenerator) }),
      })
    : new NestlensTracerProvider({
        ...context,
        sampler: buildSampling(sampler),
        spanLimits: limits,
        ...(idGenerator && { idGenerator }),
        exceptionAttributes,
      });
