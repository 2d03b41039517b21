import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { Availability } from '../lifecycle/availability.js';
import { ServiceState } from '../lifecycle/service-state.js';
import { answerJson } from '../management/management-answer.js';
import { ManagementRoutes } from '../management/management-routes.js';
import type { ManagementHandler, ManagementPlace } from '../management/management-routes.js';
import { HealthError } from '../options/health-error.js';
import type { HealthGroup } from '../options/health-indicator.js';
import { HEALTH_SETTINGS } from './health-registry.js';
import type { HealthReport, HealthSelection } from './health-registry.js';
import { Readiness, takesTraffic } from './readiness.js';
import type { HealthConfig } from '../options/otel.config.js';

/** The names in `?exclude=a&exclude=b,c`; the kubelet's own `/readyz` takes the first form. */
const excludedBy = ({ url = '' }: IncomingMessage): readonly string[] => {
  const at = url.indexOf('?');
  if (at === -1) return [];
  const names = new URLSearchParams(url.slice(at)).getAll('exclude');
  return names.flatMap((name) => name.split(','));
};

const withoutDetails = ({ status, indicators }: HealthReport): object => ({
  status,
  indicators: Object.fromEntries(
    Object.entries(indicators).map(([name, report]) => [name, { status: report.status }]),
  ),
});

/**
 * The probes of Kubernetes (concepts/workloads/pods/pod-lifecycle, "Container probes").
 *
 * | path | asks | 200 | 503 |
 * |---|---|---|---|
 * | `/livez`, `/healthz` | restart me? | while the process lives, shutdown included | while the app says that it is broken |
 * | `/startupz` | begin with the other probes? | once the app has become ready, for ever | until then |
 * | `/readyz`, groups | send me traffic? | ready, the app does not refuse, and no indicator is down | else |
 */
@Injectable()
export class HealthProbes {
  readonly #state: ServiceState;
  readonly #availability: Availability;
  readonly #readiness: Readiness;
  readonly #details: HealthConfig['details'];

  constructor(
    @Inject(HEALTH_SETTINGS) settings: HealthConfig,
    routes: ManagementRoutes,
    state: ServiceState,
    availability: Availability,
    readiness: Readiness,
  ) {
    this.#state = state;
    this.#availability = availability;
    this.#readiness = readiness;
    this.#details = settings.details;
    if (!settings.enabled) return;
    const { live, health, startup, ready } = settings.paths;
    const add = (path: string, option: string, handler: ManagementHandler): void => {
      const taken = routes.optionOf(path);
      if (taken !== undefined) {
        throw new HealthError(
          'NESTLENS_HEALTH_PATH',
          `${taken} and ${option} are both "${path}". Give one of them another path.`,
        );
      }
      routes.add(path, handler, option);
    };
    add(live, 'health.paths.live', (_, res, place) => this.#alive(res, place));
    if (health !== live) {
      add(health, 'health.paths.health', (_, res, place) => this.#alive(res, place));
    }
    add(startup, 'health.paths.startup', (_, res, place) => this.#started(res, place));
    const addReadiness = (path: string, option: string, group: Partial<HealthGroup>): void =>
      add(path, option, (req, res, place) => void this.#ready(req, res, place, group));
    addReadiness(ready, 'health.paths.ready', {});
    for (const [name, group] of Object.entries(settings.groups)) {
      addReadiness(group.path, `health.groups.${name}.path`, group);
    }
  }

  #alive(res: ServerResponse, place: ManagementPlace): void {
    const { liveness, breakages } = this.#availability;
    if (liveness === 'correct') answerJson(res, 200, { status: 'ok' });
    else answerJson(res, 503, { status: liveness, ...this.#reasons(place, breakages) });
  }

  #started(res: ServerResponse, place: ManagementPlace): void {
    if (this.#state.name !== 'starting') answerJson(res, 200, { status: 'ok' });
    else answerJson(res, 503, { status: 'starting', ...this.#reasons(place, this.#state.holds) });
  }

  async #ready(
    req: IncomingMessage,
    res: ServerResponse,
    place: ManagementPlace,
    { include, exclude = [] }: Partial<HealthGroup>,
  ): Promise<void> {
    const selection: HealthSelection = { include, exclude: [...exclude, ...excludedBy(req)] };
    const answer = await this.#readiness.ask(selection);
    if (answer.status !== 'asked') {
      const { status, reasons } = answer;
      answerJson(res, 503, { status, ...this.#reasons(place, reasons) });
    } else {
      const body = this.#shows(place) ? answer.report : withoutDetails(answer.report);
      answerJson(res, takesTraffic(answer) ? 200 : 503, body);
    }
  }

  #reasons(place: ManagementPlace, reasons: readonly string[]): { reasons?: readonly string[] } {
    return this.#shows(place) && reasons.length > 0 ? { reasons } : {};
  }

  #shows(place: ManagementPlace): boolean {
    return this.#details === 'always' || (this.#details === 'management' && place === 'port');
  }
}
