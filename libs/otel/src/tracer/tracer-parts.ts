import type { Attributes } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { IdGenerator, Sampler } from '@opentelemetry/sdk-trace';
import type { SamplingRule } from './sampling-rule.js';
import type { Limits } from './span-limits.js';
import type { SpanProcessors } from './span-processors.js';
import type { TracerMetrics } from './tracer-metrics.js';

/** What the tracers of a provider, and their spans, work with. */
export interface ProviderParts {
  readonly resource: Resource;
  readonly limits: Limits;
  readonly processors: SpanProcessors;
  /** A rule of ours, or a sampler of anybody. */
  readonly sampling: SamplingRule | Sampler;
  /** Undefined: random IDs. */
  readonly idGenerator: IdGenerator | undefined;
  readonly metrics: TracerMetrics | undefined;
  /** The attributes of an exception event. Does not throw. */
  readonly exceptionAttributes: (thrown: unknown) => Attributes;
}

export interface TracerParts extends ProviderParts {
  readonly scope: InstrumentationScope;
}
