import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator } from '@opentelemetry/core';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import type { OtelConfig } from '../options/otel.config.js';
import { BaggagePropagator } from '../propagation/baggage-propagator.js';
import { TraceContextPropagator } from '../propagation/trace-context.js';

type Name = OtelConfig['traces']['propagators'][number];

const make: Record<Name, () => TextMapPropagator> = {
  tracecontext: () => new TraceContextPropagator(),
  baggage: () => new BaggagePropagator(),
  b3: () => new B3Propagator({ injectEncoding: B3InjectEncoding.SINGLE_HEADER }),
  b3multi: () => new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
};

/** `null` where context is not to travel. The first named is the last to extract, so it has the last word. */
export const buildPropagator = (names: readonly Name[]): TextMapPropagator | null =>
  names.length === 0
    ? null
    : new CompositePropagator({ propagators: names.map((name) => make[name]()) });
