import { Logger } from '@nestjs/common';
import type { AppTelemetry } from '../late-bound/app-telemetry.js';
import { globalProviders } from '../late-bound/globals.js';

const named = ({ service }: AppTelemetry): string => `"${service ?? 'unnamed'}"`;

/** The consequence for `app` of `others` that run already, the oldest first; `undefined` if none does. */
const otherAppsText = (app: AppTelemetry, others: readonly AppTelemetry[]): string | undefined => {
  const [oldest] = others;
  if (oldest === undefined) return undefined;
  return (
    `Telemetry of ${named(app)} starts while that of ${others.map(named).join(', ')} runs in the same process. Each app ` +
    'has its own requests, calls, and what Nest injects, under its own name and to its own collector. What belongs to no ' +
    `request, such as timers and consumers that ask the API for a tracer, goes to ${named(oldest)}.`
  );
};

const told = new WeakSet<AppTelemetry>();

/**
 * Warns once that `app` is not alone. It does not name apps that have not started yet, since their start may have
 * failed without notice. They warn themselves once they have started.
 */
export const tellOfOtherApps = (app: AppTelemetry): void => {
  const others = otherAppsText(
    app,
    globalProviders.up.filter((other) => other !== app),
  );
  if (others === undefined || told.has(app)) return;
  told.add(app);
  new Logger('OtelModule').warn(others);
};
