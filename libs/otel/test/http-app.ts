import { Global, Module } from '@nestjs/common';
import type { INestApplication, ModuleMetadata, NestModule } from '@nestjs/common';
import { APP_GUARD, ApplicationConfig, ModulesContainer, NestFactory } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { recordTelemetry } from '@nestlens/testing';
import type { RecordTelemetryOptions, RecordedTelemetry } from '@nestlens/testing';
import type { AddressInfo } from 'node:net';
import { AsyncContextManager } from '../src/context/async-context-manager.js';
import { AdapterHooks } from '../src/http/adapter-hooks.js';
import { HandlerGuard } from '../src/http/handler.guard.js';
import { watchHandlers } from '../src/http/handler-watch.js';
import { HttpServerInstrumentation } from '../src/http/http-server.instrumentation.js';
import { resolveHttp } from '../src/http/http.settings.js';
import { HTTP_SETTINGS } from '../src/http/http.tokens.js';
import { InFlight } from '../src/lifecycle/in-flight.js';
import { ServiceState } from '../src/lifecycle/service-state.js';
import { ManagementRoutes } from '../src/management/management-routes.js';
import type { HttpOptions } from '../src/options/otel.options.js';
import { Inventory } from '../src/report/inventory.js';

export interface HttpApp {
  readonly app: INestApplication;
  readonly port: number;
  readonly url: string;
  readonly telemetry: RecordedTelemetry;
  readonly inFlight: InFlight;
  readonly state: ServiceState;
  /** Closes the app and puts back what was global. */
  close(): Promise<void>;
}

export interface HttpAppParts extends Pick<
  ModuleMetadata,
  'controllers' | 'providers' | 'imports'
> {
  http?: HttpOptions;
  env?: NodeJS.ProcessEnv;
  telemetry?: RecordTelemetryOptions;
  /** Before `init()`, as `main.ts` would. */
  prepare?: (app: INestApplication) => void;
  /** Body of the root module's `configure()`. */
  configure?: NestModule['configure'];
}

export type MakeAdapter = () => AbstractHttpAdapter;

/** For `describe.each`: what holds for one platform holds for the other. */
export const platforms = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const satisfies readonly (readonly [string, MakeAdapter])[];

/** An app as OtelModule would wire it, on a port of its own, with telemetry that ends in memory. */
export const startHttpApp = async (
  makeAdapter: MakeAdapter,
  parts: HttpAppParts,
): Promise<HttpApp> => {
  @Global()
  @Module({
    providers: [
      { provide: HTTP_SETTINGS, useValue: resolveHttp(parts.http, parts.env ?? {}) },
      AdapterHooks,
      ManagementRoutes,
      ServiceState,
      InFlight,
      Inventory,
      HttpServerInstrumentation,
      { provide: APP_GUARD, useClass: HandlerGuard },
    ],
    exports: [ManagementRoutes, Inventory],
  })
  class TelemetryModule implements NestModule {
    readonly #config: ApplicationConfig;
    readonly #modules: ModulesContainer;

    constructor(config: ApplicationConfig, modules: ModulesContainer) {
      this.#config = config;
      this.#modules = modules;
    }

    configure(): void {
      watchHandlers(this.#config, this.#modules);
    }
  }

  @Module({
    imports: [TelemetryModule, ...(parts.imports ?? [])],
    controllers: parts.controllers ?? [],
    providers: parts.providers ?? [],
  })
  class AppModule implements NestModule {
    configure(consumer: Parameters<NestModule['configure']>[0]): void {
      void parts.configure?.(consumer);
    }
  }

  const telemetry = recordTelemetry({
    contextManager: new AsyncContextManager(),
    ...parts.telemetry,
  });
  const app = await NestFactory.create(AppModule, makeAdapter(), { logger: false });
  parts.prepare?.(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    app,
    port,
    url: `http://127.0.0.1:${port}`,
    telemetry,
    inFlight: app.get(InFlight),
    state: app.get(ServiceState),
    close: async () => {
      await app.close();
      await telemetry.restore();
    },
  };
};
