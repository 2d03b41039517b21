import { PerformanceObserver, constants, monitorEventLoopDelay } from 'node:perf_hooks';
import type { PerformanceEntry } from 'node:perf_hooks';
import type { Histogram, Meter } from '@opentelemetry/api';
import { ownMeter } from '../late-bound/own-telemetry.js';
import { observeEventLoop } from './event-loop-observer.js';
import { observeHeap } from './heap-observer.js';
import { ATTR_V8JS_GC_TYPE, METRIC_V8JS_GC_DURATION } from './semconv.js';

const MS_PER_SECOND = 1000;
/** How often the event loop's delay is sampled, in ms. */
const DELAY_RESOLUTION_MS = 10;
const GC_BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const GC_TYPES = new Map<number, string>([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/**
 * Event loop, garbage collection and heap of this process, by the conventions for Node.js and V8.
 *
 * Not `@opentelemetry/instrumentation-runtime-node`: its base class replaces `Module.prototype.require`
 * and `process.getBuiltinModule`, and we patch nothing.
 */
export class RuntimeMetrics {
  #stops: (() => void)[] = [];

  /** Costs a timer of 10 ms inside libuv, which keeps no process alive. Safe twice. */
  start(meter: Meter = ownMeter()): void {
    if (this.#stops.length > 0) return;
    const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
    delay.enable();
    this.#stops = [
      () => delay.disable(),
      observeEventLoop(meter, delay),
      observeHeap(meter),
      observeCollections(meter),
    ];
  }

  /** After the last collection. Safe twice, and before start. */
  stop(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }
}

const observeCollections = (meter: Meter): (() => void) => {
  const duration: Histogram = meter.createHistogram(METRIC_V8JS_GC_DURATION, {
    description: 'Duration of garbage collections by kind.',
    unit: 's',
    advice: { explicitBucketBoundaries: GC_BOUNDARIES },
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as PerformanceEntry & { detail?: { kind?: number } };
      const type = GC_TYPES.get(detail?.kind ?? 0);
      if (type !== undefined) {
        duration.record(entry.duration / MS_PER_SECOND, { [ATTR_V8JS_GC_TYPE]: type });
      }
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
};
