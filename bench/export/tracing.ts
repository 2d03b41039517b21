import { getHeapStatistics } from 'node:v8';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Tracer } from '@opentelemetry/api';
import { AlwaysOffSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { NestlensTracerProvider } from '../../libs/otel/dist/tracer/nestlens-tracer-provider.js';
import { samplingRule } from '../../libs/otel/dist/tracer/sampling-rule.js';
import { medianOf } from '../figures/statistics.ts';
import type { Measured } from './trial.ts';
import { bagsOf } from './workload.ts';
import type { Bag } from './workload.ts';

const SPANS = 512;
const WARM_TURNS = 150;
const TURNS = 60;

/** It needs nothing of a span, so only the tracer is measured. */
const processor: SpanProcessor & { readsFlat: true } = {
  readsFlat: true,
  onStart: () => {},
  onEnd: () => {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};
const spanProcessors = [processor];

/**
 * Divides the cost of starting and ending spans with our own tracer by that with the stock tracer, right afterwards:
 * the time of recorded spans and of unsampled ones, and the heap that a recorded one takes.
 */
export async function tracing(fresh: number): Promise<Measured> {
  const bags = bagsOf(fresh);
  const own = new NestlensTracerProvider({ spanProcessors }).getTracer('bench');
  const stock = new TracerProvider({ spanProcessors }).getTracer('bench');
  const ownOff = new NestlensTracerProvider({ sampler: samplingRule('always_off', 1) });
  const stockOff = new TracerProvider({ sampler: new AlwaysOffSampler() });
  const recorded = (): number => timeOf(own, bags) / timeOf(stock, bags);
  const unsampled = (): number =>
    timeOf(ownOff.getTracer('bench'), bags) / timeOf(stockOff.getTracer('bench'), bags);
  for (let turn = 0; turn < WARM_TURNS; turn += 1) {
    recorded();
    unsampled();
  }
  return {
    ratio: medianOf(Array.from({ length: TURNS }, recorded)),
    unsampledRatio: medianOf(Array.from({ length: TURNS }, unsampled)),
    heapRatio: heapOf(own, bags) / heapOf(stock, bags),
  };
}

function make(tracer: Tracer, bags: readonly Bag[]): void {
  for (let made = 0; made < SPANS; made += 1) {
    const attributes = bags[made] ?? {};
    tracer.startSpan('GET /orders/:id', { kind: 1, attributes }, ROOT_CONTEXT).end();
  }
}

function timeOf(tracer: Tracer, bags: readonly Bag[]): number {
  const startedAt = performance.now();
  make(tracer, bags);
  return performance.now() - startedAt;
}

/** Bytes that one span allocates, in a young generation that holds them all. */
function heapOf(tracer: Tracer, bags: readonly Bag[]): number {
  const samples = Array.from({ length: 9 }, () => {
    globalThis.gc?.();
    const before = getHeapStatistics().used_heap_size;
    for (let turn = 0; turn < 4; turn += 1) make(tracer, bags);
    return (getHeapStatistics().used_heap_size - before) / (4 * SPANS);
  });
  return medianOf(samples);
}
