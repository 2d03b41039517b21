import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { HealthConfig } from '../options/otel.config.js';
import { HealthError } from '../options/health-error.js';
import { HEALTH_SETTINGS, HealthRegistry } from './health-registry.js';

/** Checks `health.groups` once every indicator is registered. A group with a misspelt name would never be down. */
@Injectable()
export class HealthGroups implements OnApplicationBootstrap {
  readonly #settings: HealthConfig;
  readonly #registry: HealthRegistry;

  constructor(@Inject(HEALTH_SETTINGS) settings: HealthConfig, registry: HealthRegistry) {
    this.#settings = settings;
    this.#registry = registry;
  }

  /** @throws HealthError that names each unknown indicator of a group. */
  onApplicationBootstrap(): void {
    const known = this.#registry.names();
    const faults: string[] = [];
    for (const [group, { include = [], exclude = [] }] of Object.entries(this.#settings.groups)) {
      for (const name of [...include, ...exclude]) {
        if (known.includes(name)) continue;
        faults.push(
          `health.groups.${group} names "${name}", and no indicator has that name. ` +
            `Write one of: ${known.join(', ') || '(there is none)'}. ` +
            'Indicators are to be registered before or in onModuleInit.',
        );
      }
    }
    if (faults.length > 0) throw new HealthError('NESTLENS_HEALTH_NAME', faults.join('\n'));
  }
}
