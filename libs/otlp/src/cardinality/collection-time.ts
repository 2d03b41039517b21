import type { HrTime } from '@opentelemetry/api';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';

/** A time in ms since the epoch in the form that points of metrics have. */
export function hrTimeOf(ms: number): HrTime {
  return [Math.trunc(ms / 1000), Math.round((ms % 1000) * 1e6)];
}

/** The time of a collection of the SDK. `undefined` if it has no point. */
export function timeOf(collected: readonly ScopeMetrics[]): HrTime | undefined {
  for (const { metrics } of collected) {
    for (const { dataPoints } of metrics) {
      if (dataPoints[0] !== undefined) return dataPoints[0].endTime;
    }
  }
  return undefined;
}
