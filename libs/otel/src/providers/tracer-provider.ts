import type { TracerProvider } from '@opentelemetry/api';
import { exceptionAttributes } from '../exceptions/exception.js';
import type { OtelConfig } from '../options/otel.config.js';
import { NestlensTracerProvider } from '../tracer/nestlens-tracer-provider.js';
import { samplingRule } from '../tracer/sampling-rule.js';
import type { ProviderContext } from './sdk-tracer-provider.js';

/** The provider of the tracer that the options name. The stock tracer is loaded when it is named. */
export const buildTracerProvider = async (
  traces: OtelConfig['traces'],
  context: ProviderContext,
): Promise<TracerProvider> => {
  const { tracer, sampler, limits, idGenerator } = traces;
  if (tracer === 'sdk') {
    const { buildSdkTracerProvider } = await import('./sdk-tracer-provider.js');
    return buildSdkTracerProvider(traces, context);
  }
  return new NestlensTracerProvider({
    ...context,
    // A rule that it knows need not be asked as an object.
    sampler: sampler.kind === 'own' ? sampler.sampler : samplingRule(sampler.name, sampler.ratio),
    spanLimits: limits,
    ...(idGenerator && { idGenerator }),
    exceptionAttributes,
  });
};
