import { Logger } from '@nestjs/common';
import { contexts } from '../context/contexts.js';
import { appOf } from '../late-bound/app-context.js';
import type { AppTelemetry } from '../late-bound/app-telemetry.js';
import { globalProviders } from '../late-bound/globals.js';
import type { Overlap } from '../late-bound/overlaps.js';

/** The work for which this package makes spans: `http.server`, `http.client`, `rpc.server` and `rpc.client`. */
export type OwnSpans = Readonly<
  Record<Overlap['protocol'], Readonly<Record<Overlap['side'], boolean>>>
>;

const NOUN = {
  http: { server: 'request to this app', client: 'request of this app' },
  grpc: { server: 'gRPC call to this app', client: 'gRPC call of this app' },
} as const;

const overlapText = ({ scope, protocol, side }: Overlap): string => {
  const option = `${protocol === 'grpc' ? 'rpc' : 'http'}.${side}`;
  return (
    `${scope} makes ${side.toUpperCase()} spans through the tracers of @nestlens/otel, which makes them itself: a ` +
    `${NOUN[protocol][side]} has two. Leave that instrumentation out of the other SDK, or set ${option}: false`
  );
};

/**
 * Warns once of each instrumentation of another SDK whose spans are there twice, as soon as it makes one while the app
 * runs. A span of a server that is not the app's is none: it does not start within a request that we have seen.
 */
export const reportOverlaps = (
  app: AppTelemetry,
  own: OwnSpans,
  warn: (line: string) => void = (line) => new Logger('OtelModule').warn(line),
): void => {
  const told = new Set<string>();
  const stop = globalProviders.tracers.overlaps.listen((overlap, active) => {
    const { protocol, side, scope } = overlap;
    const key = `${scope} ${side}`;
    if (told.has(key) || !own[protocol][side] || !globalProviders.isOf(active, app)) return;
    // A context manager of an earlier SDK cannot enter the context of a request before the app sees it.
    if (side === 'server' && contexts.canEnter() && appOf(active) !== app) return;
    told.add(key);
    try {
      warn(overlapText(overlap));
    } catch {
      // A logger of the app's that throws must not reach its request.
    }
  });
  app.onEnd(stop);
};
