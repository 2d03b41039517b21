import { Injectable, Logger } from '@nestjs/common';
import { LogRateLimit } from '@nestlens/otlp';
import { AppTelemetry } from '../late-bound/app-telemetry.js';
import { SCOPE_NAME } from '../late-bound/own-telemetry.js';
import { VERSION } from '../late-bound/version.js';
import type { HealthState } from '../options/health-indicator.js';
import { HealthRegistry } from './health-registry.js';
import type { HealthChange } from './health-registry.js';

const VALUE: Readonly<Record<HealthState, number>> = { up: 1, degraded: 0.5, down: 0 };

/**
 * Tells why a service is not ready: one log line for each change of an indicator, and a gauge. The kubelet reads the
 * status of a probe and drops its body, so the reason would stand nowhere else.
 */
@Injectable()
export class HealthChanges {
  readonly #logger = new Logger('Health');
  readonly #lines = new LogRateLimit();

  constructor(registry: HealthRegistry, app: AppTelemetry) {
    registry.onChange((change) => this.#tell(change));
    app.meters
      .getMeter(SCOPE_NAME, VERSION)
      .createObservableGauge('nestlens.health.status', {
        description: 'Latest state of a health indicator: 1 up, 0.5 degraded, 0 down.',
        unit: '1',
      })
      .addCallback((result) => {
        for (const [indicator, state] of Object.entries(registry.states())) {
          result.observe(VALUE[state], { 'nestlens.health.indicator': indicator });
        }
      });
  }

  /** An indicator that flaps prints each of its states once a minute. */
  #tell({ indicator, from, to, reason }: HealthChange): void {
    if (from === undefined && to === 'up') return;
    const suppressed = this.#lines.admit(`${indicator} ${to}`, performance.now());
    if (suppressed === undefined) return;
    const more = suppressed === 0 ? '' : ` (${suppressed} more times since)`;
    if (to === 'up') this.#logger.log(`${indicator} is up again${more}`);
    else this.#logger.warn(`${indicator} is ${to}: ${reason ?? 'no reason given'}${more}`);
  }
}
