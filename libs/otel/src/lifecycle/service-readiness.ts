import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { Subscription } from 'rxjs';
import { ServiceState } from './service-state.js';

type Listened = (...args: unknown[]) => unknown;

interface TransportServer {
  listen(listened: Listened): unknown;
}

/**
 * Moves {@link ServiceState} to `ready`:
 *
 * | app | ready when |
 * |---|---|
 * | HTTP | it listens, and so does every microservice that was started before |
 * | microservice | its transport listens |
 * | application context | it has bootstrapped |
 *
 * An HTTP app that is only initialised, as many tests do, never becomes ready.
 */
@Injectable()
export class ServiceReadiness implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #state: ServiceState;
  readonly #host: HttpAdapterHost;
  readonly #subscriptions: Subscription[];
  #httpListens = false;
  #bootstrapped = false;
  #servers = 0;
  #starting = 0;
  #started = 0;

  constructor(state: ServiceState, host: HttpAdapterHost, modules: ModulesContainer) {
    this.#state = state;
    this.#host = host;
    this.#subscriptions = [
      host.listen$.subscribe(() => {
        this.#httpListens = true;
        this.#settle();
      }),
      modules.getRpcTargetRegistry<TransportServer>().subscribe((server) => this.#watch(server)),
    ];
  }

  onApplicationBootstrap(): void {
    this.#bootstrapped = true;
    this.#settle();
  }

  onModuleDestroy(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  /** Nest tells nobody that a transport listens, so its callback is taken along. */
  #watch(server: TransportServer): void {
    this.#servers += 1;
    const listen = server.listen.bind(server);
    server.listen = (listened) => {
      this.#starting += 1;
      return listen((...args) => {
        if (!args[0]) {
          this.#starting -= 1;
          this.#started += 1;
          this.#settle();
        }
        return listened(...args);
      });
    };
  }

  #settle(): void {
    if (this.#starting > 0) return;
    const http = Boolean(this.#host.httpAdapter);
    const transports = this.#bootstrapped && (this.#servers === 0 || this.#started > 0);
    if (http ? this.#httpListens : transports) this.#state.ready();
  }
}
