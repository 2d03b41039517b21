import { Logger } from '@nestjs/common';
import { FLUSH_STEPS } from '../lifecycle/shutdown-phases.js';
import type { ShutdownPhases } from '../lifecycle/shutdown-phases.js';
import { shutdownReport } from '../report/shutdown-report.js';
import type { ExportEngine } from '../engine/engine.js';
import type { OtelProviders } from './otel-providers.js';

/**
 * How telemetry leaves last, in the phase `flush`:
 *
 * 1. Traces and logs, together: nothing later makes more of them.
 * 2. The final metrics, which hold what step 1 did to the exporters' own figures.
 * 3. Close what is open, give the API's globals back, and say what became of everything.
 */
export const registerFlush = (
  phases: ShutdownPhases,
  providers: OtelProviders,
  engine: ExportEngine,
  service: string,
): void => {
  phases.register(
    'flush',
    'traces and logs',
    (signal) => providers.flushTracesAndLogs(signal),
    FLUSH_STEPS.signals,
  );
  phases.register(
    'flush',
    'metrics',
    (signal) => providers.closeMetrics(signal),
    FLUSH_STEPS.metrics,
  );
  phases.register(
    'flush',
    'providers',
    async (_signal, timeoutMs) => {
      await providers.closeTracesAndLogs(timeoutMs);
      providers.release();
      new Logger('OtelModule').log(shutdownReport(service, engine.status()));
    },
    FLUSH_STEPS.close,
  );
};
