import type { AppTelemetry } from '../late-bound/app-telemetry.js';

const named = ({ service }: AppTelemetry): string => `"${service ?? 'unnamed'}"`;

/** What it means that `app` starts where `others` run, the oldest first; `undefined` where none does. */
export const otherAppsText = (
  app: AppTelemetry,
  others: readonly AppTelemetry[],
): string | undefined => {
  const [oldest] = others;
  if (oldest === undefined) return undefined;
  return (
    `Telemetry of ${named(app)} starts while that of ${others.map(named).join(', ')} runs in the same process. Each app ` +
    'has its own requests, calls, and what Nest injects, under its own name and to its own collector. What belongs to no ' +
    `request, such as timers and consumers that ask the API for a tracer, goes to ${named(oldest)}.`
  );
};
