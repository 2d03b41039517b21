import { createNoopMeter } from '@opentelemetry/api';
import type { Attributes, Counter, Meter, MeterProvider } from '@opentelemetry/api';

const PROCESSED = /^otel\.sdk\.processor\.(span|log)\.processed$/;

/**
 * The one figure of the official batch processors that nothing else tells: how many items a full queue
 * refused. They report it to the meter provider they are given; this one hears that counter and no other.
 */
export const queueDrops = (dropped: (count: number) => void): MeterProvider => ({
  getMeter(): Meter {
    const noop = createNoopMeter();
    // The noop meter is one object for everybody, so it is extended, never changed.
    const meter = Object.create(noop) as Meter;
    meter.createCounter = (name, options): Counter => {
      const silent = noop.createCounter(name, options);
      if (!PROCESSED.test(name)) return silent;
      const counter = Object.create(silent) as Counter;
      counter.add = (count: number, attributes?: Attributes): void => {
        if (attributes?.['error.type'] === 'queue_full') dropped(count);
      };
      return counter;
    };
    return meter;
  },
});
