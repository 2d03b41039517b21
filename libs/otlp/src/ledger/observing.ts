import type { Attributes, BatchObservableCallback, Meter, Observable } from '@opentelemetry/api';

/** `basic`: the counts that a person asks for, and no series that never moved. `detailed`: all. */
export type SelfMetricsLevel = 'basic' | 'detailed';

type Observe = (instrument: Observable, value: number, attributes: Attributes) => void;

/** Calls `read` at each collection. Returns how to stop. */
export function observing(
  meter: Meter,
  instruments: Observable[],
  read: (observe: Observe) => void,
): () => void {
  const callback: BatchObservableCallback = (result) => {
    read((instrument, value, attributes) => result.observe(instrument, value, attributes));
  };
  meter.addBatchObservableCallback(callback, instruments);
  return () => meter.removeBatchObservableCallback(callback, instruments);
}
