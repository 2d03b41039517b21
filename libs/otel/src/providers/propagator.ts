import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator } from '@opentelemetry/core';
import type { OtelConfig } from '../options/otel.config.js';
import { BaggagePropagator } from '../propagation/baggage-propagator.js';
import { TraceContextPropagator } from '../propagation/trace-context.js';

type Name = OtelConfig['traces']['propagators'][number];

/** Loaded when it is named: few apps send these headers. */
const b3 = async (encoding: 'SINGLE_HEADER' | 'MULTI_HEADER'): Promise<TextMapPropagator> => {
  const { B3InjectEncoding, B3Propagator } = await import('@opentelemetry/propagator-b3');
  return new B3Propagator({ injectEncoding: B3InjectEncoding[encoding] });
};

const make: Record<Name, () => TextMapPropagator | Promise<TextMapPropagator>> = {
  tracecontext: () => new TraceContextPropagator(),
  baggage: () => new BaggagePropagator(),
  b3: () => b3('SINGLE_HEADER'),
  b3multi: () => b3('MULTI_HEADER'),
};

/** `null` if context is not propagated. The first name extracts last, so it wins. */
export const buildPropagator = async (names: readonly Name[]): Promise<TextMapPropagator | null> =>
  names.length === 0
    ? null
    : new CompositePropagator({
        propagators: await Promise.all(names.map(async (name) => make[name]())),
      });
