import { Injectable } from '@nestjs/common';
import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleDestroy,
} from '@nestjs/common';
import { Inventory } from '../report/inventory.js';
import { ShutdownSequence } from './shutdown-sequence.js';

/**
 * Ties the sequence to Nest's hooks. As part of a global module it is called last in each of them.
 * HTTP apps of Nest 12 have begun the sequence before, in `beforeClose`. For everything else (Nest 11, microservices,
 * application contexts) `onModuleDestroy` is the first that we hear, after the others' `onModuleDestroy`.
 */
@Injectable()
export class ShutdownHooks
  implements
    OnApplicationBootstrap,
    OnModuleDestroy,
    BeforeApplicationShutdown,
    OnApplicationShutdown
{
  readonly #sequence: ShutdownSequence;
  readonly #inventory: Inventory;

  constructor(sequence: ShutdownSequence, inventory: Inventory) {
    this.#sequence = sequence;
    this.#inventory = inventory;
  }

  onApplicationBootstrap(): void {
    if (process.listenerCount('SIGTERM') > 0) return;
    this.#inventory.leftOut('shutdown on SIGTERM', 'app.enableShutdownHooks() has not been called');
  }

  async onModuleDestroy(): Promise<void> {
    await this.#sequence.begin();
    this.#sequence.nestIsIn('beforeApplicationShutdown');
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#sequence.nestIsIn('closing servers, or onApplicationShutdown');
    await this.#sequence.flushEarly();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#sequence.finish();
  }
}
