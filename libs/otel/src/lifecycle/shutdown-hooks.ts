import { Injectable } from '@nestjs/common';
import type {
  BeforeApplicationShutdown,
  OnApplicationShutdown,
  OnModuleDestroy,
  OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OtelProviders } from '../providers/otel-providers.js';
import { Inventory } from '../report/inventory.js';
import { ServiceReadiness } from './service-readiness.js';
import { ShutdownSequence } from './shutdown-sequence.js';

/**
 * Ties the sequence to Nest's hooks. As part of a global module it is called last in each of them.
 * HTTP apps of Nest 12, hybrid ones included, have begun the sequence before, in `beforeClose`. For everything else
 * (Nest 11, pure microservices, application contexts) our `onModuleDestroy` begins it, after the
 * `onModuleDestroy` of all others. So a database that closes in `onModuleDestroy` closes under requests in flight; close
 * it in `onApplicationShutdown`. A hook that hangs in `onModuleDestroy` keeps the sequence from beginning.
 */
@Injectable()
export class ShutdownHooks
  implements OnModuleInit, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #sequence: ShutdownSequence;
  readonly #inventory: Inventory;
  readonly #host: HttpAdapterHost;
  readonly #readiness: ServiceReadiness;
  readonly #providers: OtelProviders;

  constructor(
    sequence: ShutdownSequence,
    inventory: Inventory,
    host: HttpAdapterHost,
    readiness: ServiceReadiness,
    providers: OtelProviders,
  ) {
    this.#sequence = sequence;
    this.#inventory = inventory;
    this.#host = host;
    this.#readiness = readiness;
    this.#providers = providers;
  }

  onModuleInit(): void {
    // An application context initialises before its owner can have enabled anything.
    if (!this.#host.httpAdapter || process.listenerCount('SIGTERM') > 0) return;
    this.#inventory.leftOut('shutdown on SIGTERM', 'app.enableShutdownHooks() has not been called');
  }

  async onModuleDestroy(): Promise<void> {
    await this.#sequence.begin();
    this.#sequence.nestIsIn('beforeApplicationShutdown');
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#sequence.nestIsIn('closing servers, or onApplicationShutdown');
    // Nest ends the process, without the rest of its hooks, when a server fails to close; a worker still sends then.
    if (!this.#readiness.hasServers() || !this.#providers.needsFlushBeforeExit()) return;
    await this.#sequence.flushEarly();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#sequence.finish();
  }
}
