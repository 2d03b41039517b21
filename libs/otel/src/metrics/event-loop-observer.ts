import { performance } from 'node:perf_hooks';
import type { IntervalHistogram } from 'node:perf_hooks';
import type { BatchObservableCallback, Meter, Observable } from '@opentelemetry/api';
import {
  ATTR_NODEJS_EVENTLOOP_STATE,
  METRIC_NODEJS_EVENTLOOP_DELAY,
  METRIC_NODEJS_EVENTLOOP_TIME,
  METRIC_NODEJS_EVENTLOOP_UTILIZATION,
} from './semconv.js';

const NS_PER_SECOND = 1e9;
const MS_PER_SECOND = 1000;

const DELAYS: readonly (readonly [
  name: string,
  description: string,
  read: (delay: IntervalHistogram) => number,
])[] = [
  ['min', 'Event loop minimum delay.', (delay) => delay.min],
  ['max', 'Event loop maximum delay.', (delay) => delay.max],
  ['mean', 'Event loop mean delay.', (delay) => delay.mean],
  ['stddev', 'Event loop standard deviation delay.', (delay) => delay.stddev],
  ['p50', 'Event loop 50 percentile delay.', (delay) => delay.percentile(50)],
  ['p90', 'Event loop 90 percentile delay.', (delay) => delay.percentile(90)],
  ['p99', 'Event loop 99 percentile delay.', (delay) => delay.percentile(99)],
];

/** Delays and utilization are those since the last collection, whichever reader made it. */
export const observeEventLoop = (meter: Meter, delay: IntervalHistogram): (() => void) => {
  const delays = DELAYS.map(([name, description, read]) => ({
    gauge: meter.createObservableGauge(`${METRIC_NODEJS_EVENTLOOP_DELAY}.${name}`, {
      description,
      unit: 's',
    }),
    read,
  }));
  const utilization = meter.createObservableGauge(METRIC_NODEJS_EVENTLOOP_UTILIZATION, {
    description: 'Event loop utilization.',
    unit: '1',
  });
  const time = meter.createObservableCounter(METRIC_NODEJS_EVENTLOOP_TIME, {
    description: 'Cumulative duration of time the event loop has been in each state.',
    unit: 's',
  });

  let last = performance.eventLoopUtilization();
  const observe: BatchObservableCallback = (result) => {
    // Without a sample min is the greatest number there is, and the mean no number at all.
    if (delay.count > 0) {
      for (const { gauge, read } of delays) result.observe(gauge, read(delay) / NS_PER_SECOND);
      delay.reset();
    }
    const now = performance.eventLoopUtilization();
    result.observe(utilization, performance.eventLoopUtilization(now, last).utilization);
    result.observe(time, now.active / MS_PER_SECOND, { [ATTR_NODEJS_EVENTLOOP_STATE]: 'active' });
    result.observe(time, now.idle / MS_PER_SECOND, { [ATTR_NODEJS_EVENTLOOP_STATE]: 'idle' });
    last = now;
  };
  const observed: Observable[] = [...delays.map(({ gauge }) => gauge), utilization, time];
  meter.addBatchObservableCallback(observe, observed);
  return () => meter.removeBatchObservableCallback(observe, observed);
};
