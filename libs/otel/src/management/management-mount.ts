import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ANSWERED, AdapterHooks, templateOf } from '../adapter/adapter-hooks.js';
import { ServiceReadiness } from '../lifecycle/service-readiness.js';
import { ServiceState } from '../lifecycle/service-state.js';
import { Inventory } from '../report/inventory.js';
import { appPathsOf, takesGet } from './app-paths.js';
import type { AppPaths } from './app-paths.js';
import { serveManagement } from './management-answer.js';
import { MANAGEMENT_SETTINGS } from './management-settings.js';
import type { ManagementSettings } from './management-settings.js';
import { ManagementRoutes } from './management-routes.js';

/** The part on which Express and Fastify agree. */
interface Adapter {
  getType(): string;
  getInstance(): unknown;
  get(path: string, handler: (req: IncomingMessage, res: ServerResponse) => void): unknown;
}

/**
 * Serves the {@link ManagementRoutes} on the app's own port. The request hook is the first thing that Express
 * and Fastify run, so that prefixes, versions, middleware, guards and body parsers never see these paths.
 * On Fastify the hook does not call `next`, so its chain ends there; the raw response still ends the request
 * for it: `onResponse` hooks run, and `inject` resolves, at the response's `finish`.
 *
 * Where the app itself has a route or a mounted handler at a path, the app answers, and its telemetry is recorded.
 */
@Injectable()
export class ManagementMount implements OnModuleInit, OnApplicationBootstrap {
  readonly #routes: ManagementRoutes;
  readonly #inventory: Inventory;
  readonly #host: HttpAdapterHost;
  readonly #ownPort: boolean;
  #paths: AppPaths | undefined;

  constructor(
    hooks: AdapterHooks,
    routes: ManagementRoutes,
    inventory: Inventory,
    host: HttpAdapterHost,
    @Inject(MANAGEMENT_SETTINGS) health: Pick<ManagementSettings, 'port'>,
    state: ServiceState,
    readiness: ServiceReadiness,
  ) {
    this.#routes = routes;
    this.#inventory = inventory;
    this.#host = host;
    this.#ownPort = health.port !== undefined;
    // Before the first route, since Fastify reports each route while it is added.
    host.init$.subscribe(() => {
      this.#paths = appPathsOf(this.#adapter()?.getInstance());
    });
    hooks.onRequest((req, res, platformRequest) => {
      // A probe is a request too, and may be the first.
      if (state.name === 'starting') readiness.serves();
      if (routes.find(req.url) === undefined) return undefined;
      const handler =
        routes.findBesideApp(req.url, req.method) ??
        (this.#isUnmatched(platformRequest)
          ? routes.findUnmatched(req.url, req.method)
          : undefined);
      if (handler === undefined) return undefined;
      serveManagement(handler, req, res, 'app');
      return ANSWERED;
    });
  }

  /** Fastify has routed by now. */
  #isUnmatched(platformRequest: unknown): boolean {
    return templateOf(platformRequest) === undefined && this.#adapter()?.getType() === 'fastify';
  }

  /** Nest has registered controllers and middleware here, and not yet its answer of 404. */
  onModuleInit(): void {
    for (const path of this.#leaveToApp()) this.#answerBehind(path);
  }

  /** Other modules may have registered more in their `onModuleInit`. */
  onApplicationBootstrap(): void {
    this.#leaveToApp();
  }

  /** Returns the paths at which the app takes GET. */
  #leaveToApp(): readonly string[] {
    const taken: string[] = [];
    for (const path of this.#routes.paths()) {
      const methods = this.#paths?.methodsAt(path);
      if (methods === undefined || methods.size === 0) continue;
      if (!takesGet(methods)) {
        this.#routes.leaveToApp(path, 'other methods');
        continue;
      }
      this.#routes.leaveToApp(path, 'GET');
      const where = this.#ownPort ? ', and the management port keeps it' : '';
      this.#inventory.leftOut(
        `GET ${path}`,
        `the app answers there itself; ${this.#routes.optionOf(path)} moves ours${where}`,
      );
      taken.push(path);
    }
    return taken;
  }

  /** On Express, middleware that was mounted there may let requests through: they get our answer and no 404. */
  #answerBehind(path: string): void {
    const adapter = this.#adapter();
    const handler = this.#routes.find(path);
    if (adapter?.getType() !== 'express' || !handler) return;
    adapter.get(path, (req, res) => serveManagement(handler, req, res, 'app'));
  }

  #adapter(): Adapter | undefined {
    return (this.#host.httpAdapter as Adapter | null | undefined) ?? undefined;
  }
}
