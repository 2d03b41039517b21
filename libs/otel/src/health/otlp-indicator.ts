import type { ExportEngine, Signal, SignalStatus } from '../engine/engine.js';
import { maskedText } from '../secrets/masked-text.js';
import type { PlainDetail } from './finding-detail.js';
import type { HealthIndicator } from './indicator.js';
import { unreachable } from './reachability.js';
import { SingleFlight } from './single-flight.js';

export interface OtlpIndicatorOptions {
  /** One connection, in ms. Default: 500. */
  connectMs?: number;
  /** How long the outcome of a connection serves again, in ms. Default: 10000. */
  recheckMs?: number;
  /** Why a signal is silent although it should flow; `undefined` where it is not. Default: never silent. */
  silence?: (signal: Signal) => string | undefined;
}

const outcomeOf = ({ last }: SignalStatus): string =>
  last.outcome === 'failed' ? `failed: ${last.reason}` : last.outcome;

/** Each item in one place: those of the ledger. */
const booksOf = ({ accepted, rejected, queued, spooled, dropped }: SignalStatus) => ({
  accepted,
  rejected,
  queued,
  spooled,
  dropped: Object.values(dropped).reduce((sum, count) => sum + count, 0),
});

/**
 * Whether telemetry reaches the collector: the outcome of each signal's last export, and a connection to each
 * destination, or to the proxy before it. `degraded` at worst, since an app without a collector still serves.
 */
export function otlpIndicator(
  engine: Pick<ExportEngine, 'destinations' | 'status'>,
  options: OtlpIndicatorOptions = {},
): HealthIndicator {
  const { connectMs = 500, recheckMs = 10_000, silence } = options;
  const urls = [...new Set(engine.destinations.map(({ url, proxy }) => proxy ?? url))];
  const signals = new Set<Signal>(engine.destinations.map((destination) => destination.signal));
  const connections = new SingleFlight(
    () => Promise.all(urls.map((url) => unreachable(url, connectMs))),
    recheckMs,
  );
  return {
    name: 'otlp',
    worst: 'degraded',
    async check() {
      const broken = await connections.ask();
      const status = engine.status();
      const detail: PlainDetail = {};
      const reasons = broken.flatMap((why, index) => (why ? [`${urls[index]}: ${why}`] : []));
      for (const signal of signals) {
        detail[signal] = outcomeOf(status[signal]);
        for (const [account, count] of Object.entries(booksOf(status[signal]))) {
          if (count > 0) detail[`${signal}.${account}`] = count;
        }
        const silent = silence?.(signal);
        if (silent !== undefined) reasons.push(silent);
        if (status[signal].last.outcome === 'failed') reasons.push(`${signal} ${detail[signal]}`);
      }
      if (reasons.length === 0) return { state: 'up', detail };
      return { state: 'degraded', detail: { ...detail, reason: maskedText(reasons.join('; ')) } };
    },
  };
}
