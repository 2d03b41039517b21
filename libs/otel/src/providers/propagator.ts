import type { TextMapPropagator } from '@opentelemetry/api';
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import type { OtelConfig } from '../options/otel.config.js';

type Name = OtelConfig['traces']['propagators'][number];

const make: Record<Name, () => TextMapPropagator> = {
  tracecontext: () => new W3CTraceContextPropagator(),
  baggage: () => new W3CBaggagePropagator(),
  b3: () => new B3Propagator({ injectEncoding: B3InjectEncoding.SINGLE_HEADER }),
  b3multi: () => new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
};

/** `null` where context is not to travel. The first named is the last to extract, so it has the last word. */
export const buildPropagator = (names: readonly Name[]): TextMapPropagator | null =>
  names.length === 0
    ? null
    : new CompositePropagator({ propagators: names.map((name) => make[name]()) });
