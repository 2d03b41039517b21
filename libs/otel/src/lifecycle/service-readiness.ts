import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { Subscription } from 'rxjs';
import { ServiceState } from './service-state.js';

type Listened = (...args: unknown[]) => unknown;

interface TransportServer {
  listen(listened: Listened): unknown;
}

/** Long enough for `main.ts` to come from `init()` to `listen()`. */
export const SILENCE_MS = 10_000;

/**
 * Moves {@link ServiceState} to `ready`:
 *
 * | app | ready when |
 * |---|---|
 * | HTTP | it listens, or a request comes through a server of the app's own; and so does every microservice started before |
 * | microservice | its transport listens |
 * | application context | it has bootstrapped |
 *
 * An HTTP app that is only initialised, as many tests do, never becomes ready, and says so after {@link SILENCE_MS}.
 */
@Injectable()
export class ServiceReadiness implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #state: ServiceState;
  readonly #host: HttpAdapterHost;
  readonly #subscriptions: Subscription[];
  #httpServes = false;
  #bootstrapped = false;
  #silence: NodeJS.Timeout | undefined;
  #servers = 0;
  #starting = 0;
  #started = 0;

  constructor(state: ServiceState, host: HttpAdapterHost, modules: ModulesContainer) {
    this.#state = state;
    this.#host = host;
    this.#subscriptions = [
      host.listen$.subscribe(() => {
        this.#httpServes = true;
        this.#settle();
      }),
      modules.getRpcTargetRegistry<TransportServer>().subscribe((server) => this.#watch(server)),
    ];
  }

  onApplicationBootstrap(): void {
    this.#bootstrapped = true;
    this.#settle();
    if (!this.#isHttp() || this.#httpServes || this.#silence) return;
    this.#silence = setTimeout(() => {
      new Logger('OtelModule').warn(
        `This app was initialised ${SILENCE_MS / 1000} s ago, and it neither listens nor has had a request. ` +
          'It becomes ready, and its probes say so, with app.listen() or the first request.',
      );
    }, SILENCE_MS);
    this.#silence.unref();
  }

  /** A request has come through any server, since an app that never calls `listen()` serves too. */
  serves(): void {
    if (!this.#bootstrapped || this.#httpServes) return;
    this.#httpServes = true;
    this.#settle();
  }

  onModuleDestroy(): void {
    clearTimeout(this.#silence);
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  /** Nest has no event for a transport that listens, so this wraps its callback. */
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
    if (this.#httpServes) clearTimeout(this.#silence);
    if (this.#starting > 0) return;
    const transports = this.#bootstrapped && (this.#servers === 0 || this.#started > 0);
    if (this.#isHttp() ? this.#httpServes : transports) this.#state.ready();
  }

  /** There is something that Nest closes: a server of HTTP, or of a transport. */
  hasServers(): boolean {
    return this.#isHttp() || this.#servers > 0;
  }

  #isHttp(): boolean {
    return Boolean(this.#host.httpAdapter);
  }
}
