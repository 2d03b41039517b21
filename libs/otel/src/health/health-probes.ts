import type { ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { ServiceState } from '../lifecycle/service-state.js';
import { answerJson } from '../management/management-answer.js';
import { ManagementRoutes } from '../management/management-routes.js';
import { HEALTH_SETTINGS, HealthRegistry } from './health-registry.js';
import type { HealthConfig } from '../options/otel.config.js';

const alive = (_: unknown, res: ServerResponse): void => answerJson(res, 200, { status: 'ok' });

/**
 * The probes of Kubernetes (concepts/workloads/pods/pod-lifecycle, "Container probes").
 *
 * | path | asks | 200 | 503 |
 * |---|---|---|---|
 * | `/livez`, `/healthz` | restart me? | while the process lives, shutdown included | never |
 * | `/startupz` | begin with the other probes? | once the app has become ready, for ever | until then |
 * | `/readyz` | send me traffic? | ready, and no indicator is down | else |
 */
@Injectable()
export class HealthProbes {
  readonly #state: ServiceState;
  readonly #registry: HealthRegistry;

  constructor(
    @Inject(HEALTH_SETTINGS) settings: HealthConfig,
    routes: ManagementRoutes,
    state: ServiceState,
    registry: HealthRegistry,
  ) {
    this.#state = state;
    this.#registry = registry;
    if (!settings.enabled) return;
    const { live, health, startup, ready } = settings.paths;
    routes.add(live, alive, 'health.paths.live');
    routes.add(health, alive, 'health.paths.health');
    routes.add(startup, (_, res) => this.#started(res), 'health.paths.startup');
    routes.add(ready, (_, res) => void this.#ready(res), 'health.paths.ready');
  }

  #started(res: ServerResponse): void {
    const started = this.#state.name !== 'starting';
    answerJson(res, started ? 200 : 503, { status: started ? 'ok' : 'starting' });
  }

  async #ready(res: ServerResponse): Promise<void> {
    const report = this.#state.name === 'ready' ? await this.#registry.report() : undefined;
    // Shutdown may have begun while the indicators were asked.
    const state = this.#state.name;
    if (!report || state !== 'ready') answerJson(res, 503, { status: state });
    else answerJson(res, report.status === 'error' ? 503 : 200, report);
  }
}
