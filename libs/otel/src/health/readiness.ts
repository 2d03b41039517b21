import { Injectable } from '@nestjs/common';
import { Availability } from '../lifecycle/availability.js';
import { ServiceState } from '../lifecycle/service-state.js';
import { HealthRegistry } from './health-registry.js';
import type { HealthReport, HealthSelection } from './health-registry.js';

/** What the readiness of the service is, and why. A report is there only where the service itself could take traffic. */
type ReadinessAnswer =
  | { readonly status: ServiceState['name'] | 'refusing'; readonly reasons: readonly string[] }
  | { readonly status: 'asked'; readonly report: HealthReport };

/** Whether traffic may be sent: the state of the service, the word of the app, then the indicators. */
@Injectable()
export class Readiness {
  readonly #state: ServiceState;
  readonly #availability: Availability;
  readonly #registry: HealthRegistry;

  constructor(state: ServiceState, availability: Availability, registry: HealthRegistry) {
    this.#state = state;
    this.#availability = availability;
    this.#registry = registry;
  }

  /** Never rejects, and takes no longer than `health.answerMs`. */
  async ask(selection: HealthSelection): Promise<ReadinessAnswer> {
    const report =
      this.#state.name === 'ready' ? await this.#registry.report(selection) : undefined;
    // Shutdown may have begun while the indicators were asked.
    const status = this.#state.name;
    const { refusals } = this.#availability;
    if (!report || status !== 'ready') {
      return { status, reasons: status === 'starting' ? this.#state.holds : [] };
    }
    if (refusals.length > 0) return { status: 'refusing', reasons: refusals };
    return { status: 'asked', report };
  }
}

export const takesTraffic = (answer: ReadinessAnswer): boolean =>
  answer.status === 'asked' && answer.report.status !== 'error';
