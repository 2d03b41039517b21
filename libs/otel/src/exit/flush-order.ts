import { Logger } from '@nestjs/common';
import { aside } from '../context/contexts.js';
import { lives } from './lives.js';
import type { Life } from './lives.js';
import { FLUSH_STEPS } from '../lifecycle/shutdown-phases.js';
import type { ShutdownPhases } from '../lifecycle/shutdown-phases.js';
import { lossesOf, shutdownReport } from '../report/shutdown-report.js';
import type { ExportEngine } from '../engine/engine.js';
import type { OtelProviders } from '../providers/otel-providers.js';

/**
 * Registers the last export of telemetry, in the phase `flush`:
 *
 * 1. Traces and logs, together: nothing later makes more of them.
 * 2. The final metrics, which include the exporters' own figures of step 1.
 * 3. Close open parts, give the API's globals back, and report the outcome.
 */
export const registerFlush = (
  phases: ShutdownPhases,
  providers: OtelProviders,
  engine: ExportEngine,
  service: string,
  life: Life,
): void => {
  const remove = lives.add(life);
  phases.register(
    'flush',
    'traces and logs',
    (signal) => aside(() => providers.flushTracesAndLogs(signal)),
    FLUSH_STEPS.signals,
  );
  phases.register(
    'flush',
    'metrics',
    (signal) => aside(() => providers.closeMetrics(signal)),
    FLUSH_STEPS.metrics,
  );
  phases.register(
    'flush',
    'providers',
    async (_signal, timeoutMs) => {
      await aside(() => providers.closeTracesAndLogs(timeoutMs));
      remove();
      providers.release();
      const status = engine.status();
      const left = { unendedSpans: engine.liveSpans() };
      new Logger('OtelModule').log(shutdownReport(service, status, left));
      return leftOf(lossesOf(status), left.unendedSpans);
    },
    FLUSH_STEPS.close,
  );
};

/** The losses in the summary of the shutdown; `undefined` if the counts show none. */
const leftOf = (losses: string | undefined, unendedSpans: number): string | undefined => {
  const spans = unendedSpans > 0 ? `${unendedSpans} spans had not ended` : undefined;
  const lost = losses === undefined ? undefined : `telemetry was lost: ${losses}`;
  const told = [lost, spans].filter((text) => text !== undefined);
  return told.length === 0 ? undefined : told.join(', ');
};
