import { originOf, readEndpoint } from '@nestlens/otlp';
import type { Signal } from '@nestlens/otlp';
import type { Destination, ExportEngine, SignalStatus } from '../engine/engine.js';
import { maskedText } from '../secrets/masked-text.js';
import type { PlainDetail } from './finding-detail.js';
import type { HealthFinding, HealthIndicator } from '../options/health-indicator.js';
import { exportFailures, outcomeOf } from './export-failures.js';
import type { Trouble } from './export-failures.js';
import { unreachable } from './reachability.js';
import type { Unreachable } from './reachability.js';
import { remedyOf } from './remedy.js';
import { SingleFlight } from './single-flight.js';

interface OtlpIndicatorOptions {
  /** One connection, in ms. Default: 500. */
  connectMs?: number;
  /** The time in which the outcome of a connection is reused, in ms. Default: 10000. */
  recheckMs?: number;
  /** The reason why a signal is silent although it should flow. `undefined` if it flows. Default: never silent. */
  silence?: (signal: Signal) => string | undefined;
}

/** The address for a connection: the proxy, or the collector without its paths. */
const placeOf = ({ url, proxy, protocol }: Destination): string => {
  if (proxy !== undefined) return proxy;
  const reading = readEndpoint(url);
  return reading.kind === 'endpoint' ? originOf(reading.endpoint, protocol) : url;
};

const connectionTrouble = (
  place: string,
  { code, text }: Unreachable,
  to: Destination,
): Trouble => ({
  what: `${place}: ${text}`,
  remedy: remedyOf(to.proxy === undefined ? code : `proxy_${code}`, to, false),
});

/** The counts of the ledger, which has each item in one place. */
const countsOf = ({ accepted, rejected, queued, spooled, dropped }: SignalStatus) => ({
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
export const otlpIndicator = (
  engine: Pick<ExportEngine, 'destinations' | 'status'>,
  options: OtlpIndicatorOptions = {},
): HealthIndicator<HealthFinding> => {
  const { connectMs = 500, recheckMs = 10_000, silence } = options;
  const { destinations } = engine;
  const places = new Map(destinations.map((to) => [placeOf(to), to]));
  const connections = new SingleFlight(
    () => Promise.all([...places.keys()].map((place) => unreachable(place, connectMs))),
    recheckMs,
  );
  return {
    name: 'otlp',
    worst: 'degraded',
    async check() {
      const broken = await connections.ask();
      const status = engine.status();
      const troubles = [...places].flatMap(([place, to], at) => {
        const why = broken[at];
        return why === undefined ? [] : [connectionTrouble(place, why, to)];
      });
      const detail: PlainDetail = {};
      const silences: string[] = [];
      for (const to of destinations) {
        const { signal } = to;
        detail[signal] = outcomeOf(status[signal], to);
        for (const [account, count] of Object.entries(countsOf(status[signal]))) {
          if (count > 0) detail[`${signal}.${account}`] = count;
        }
        const silent = silence?.(signal);
        if (silent !== undefined) silences.push(silent);
      }
      troubles.push(...exportFailures(destinations, status));
      const reasons = [...silences, ...troubles.map(({ what }) => what)];
      if (reasons.length === 0) return { state: 'up', detail };
      const remedies = new Set(troubles.map(({ remedy }) => remedy));
      return {
        state: 'degraded',
        detail: {
          // First, since an answer has only so many keys.
          reason: maskedText(reasons.join('; ')),
          ...(remedies.size > 0 && { remedy: maskedText([...remedies].join('; ')) }),
          ...detail,
        },
      };
    },
  };
};
