import { Inject, Injectable } from '@nestjs/common';
import type { InjectionToken, OnApplicationBootstrap } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Pingable } from '../options/otel.options.js';
import { databaseIndicator } from './database-indicator.js';
import { isClient } from './foreign-client.js';
import { HealthError } from '../options/health-error.js';
import { HEALTH_SETTINGS, HealthRegistry } from './health-registry.js';
import type { HealthConfig } from '../options/otel.config.js';
import type { HealthIndicator } from '../options/health-indicator.js';

const nameOf = (token: InjectionToken): string =>
  typeof token === 'function' ? token.name : String(token);

/** Turns `health.databases` into indicators, once every provider exists. */
@Injectable()
export class DeclaredDatabases implements OnApplicationBootstrap {
  readonly #settings: HealthConfig;
  readonly #registry: HealthRegistry;
  readonly #modules: ModuleRef;
  #done = false;

  constructor(
    @Inject(HEALTH_SETTINGS) settings: HealthConfig,
    registry: HealthRegistry,
    modules: ModuleRef,
  ) {
    this.#settings = settings;
    this.#registry = registry;
    this.#modules = modules;
  }

  /** @throws HealthError with each key whose token has no provider, or one that cannot be asked. */
  onApplicationBootstrap(): void {
    // The `init()` of a microservice runs this hook twice.
    if (this.#done) return;
    this.#done = true;
    const faults: HealthError[] = [];
    for (const [name, token] of Object.entries(this.#settings.databases)) {
      try {
        this.#registry.register(this.#indicator(name, token));
      } catch (error) {
        if (!(error instanceof HealthError)) throw error;
        faults.push(error);
      }
    }
    const [first, ...others] = faults;
    if (first === undefined) return;
    if (others.length === 0) throw first;
    throw new HealthError(first.code, faults.map(({ message }) => message).join('\n'), first);
  }

  #indicator(name: string, token: InjectionToken): HealthIndicator {
    const found = this.#find(name, token);
    try {
      return databaseIndicator(name, found);
    } catch (error) {
      if (!(error instanceof HealthError)) throw error;
      const message = `health.databases.${error.message} Provided under the token ${nameOf(token)}.`;
      throw new HealthError(error.code, message, error);
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
    if (isClient(found)) return found;
    throw new HealthError(
      'NESTLENS_HEALTH_DATABASE',
      `health.databases.${name}: no module provides ${nameOf(token)}. ` +
        'Give the token of a default-scoped provider, such as a pg Pool or a TypeORM DataSource.',
      cause,
    );
  }
}
