import { Inject, Injectable } from '@nestjs/common';
import type { InjectionToken, OnApplicationBootstrap } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Pingable } from '../options/otel.options.js';
import { databaseIndicator } from './database-indicator.js';
import { HealthError } from './health-error.js';
import { HealthRegistry } from './health-registry.js';
import type { HealthSettings } from './health-settings.js';
import { HEALTH_SETTINGS } from './health.tokens.js';

const nameOf = (token: InjectionToken): string =>
  typeof token === 'function' ? token.name : String(token);

/** Turns `health.databases` into indicators, once every provider exists. */
@Injectable()
export class DeclaredDatabases implements OnApplicationBootstrap {
  readonly #settings: HealthSettings;
  readonly #registry: HealthRegistry;
  readonly #modules: ModuleRef;
  #done = false;

  constructor(
    @Inject(HEALTH_SETTINGS) settings: HealthSettings,
    registry: HealthRegistry,
    modules: ModuleRef,
  ) {
    this.#settings = settings;
    this.#registry = registry;
    this.#modules = modules;
  }

  /** @throws HealthError naming the token that nothing is provided under. */
  onApplicationBootstrap(): void {
    // The `init()` of a microservice runs this hook twice.
    if (this.#done) return;
    this.#done = true;
    for (const [name, token] of Object.entries(this.#settings.databases)) {
      this.#registry.register(databaseIndicator(name, this.#find(name, token)));
    }
  }

  #find(name: string, token: InjectionToken): Pingable {
    let found: unknown;
    let cause: unknown;
    try {
      found = this.#modules.get<unknown>(token, { strict: false });
    } catch (error) {
      cause = error;
    }
    if (typeof found === 'object' && found !== null) return found as Pingable;
    if (typeof found === 'function') return found as unknown as Pingable;
    throw new HealthError(
      'NESTLENS_HEALTH_DATABASE',
      `health.databases.${name}: no module provides ${nameOf(token)}. ` +
        'Give the token of a default-scoped provider, such as a pg Pool or a TypeORM DataSource.',
      cause,
    );
  }
}
