import { Global, Inject, Logger, Module } from '@nestjs/common';
import type { NestModule, OnModuleInit, Provider } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { copiesText } from './copies/package-copies.js';
import { watchResolvers } from './graphql/resolver-watch.js';
import { Availability } from './lifecycle/availability.js';
import { HEALTH_PROVIDERS } from './health/health.providers.js';
import { HEALTH_SETTINGS, HealthRegistry } from './health/health-registry.js';
import { HandlerRoutes } from './http/handler-routes.js';
import { watchHandlers } from './http/handler-watch.js';
import { HTTP_PROVIDERS } from './http/http.providers.js';
import { HTTP_SETTINGS, httpSettings } from './http/http.settings.js';
import type { HttpSettings } from './http/http.settings.js';
import { AppTelemetry } from './late-bound/app-telemetry.js';
import { globalProviders } from './late-bound/globals.js';
import { aside } from './context/contexts.js';
import { startBegins, startGoesOn } from './exit/failed-starts.js';
import { TelemetryLife } from './exit/telemetry-life.js';
import { LIFECYCLE_PROVIDERS } from './lifecycle/lifecycle.providers.js';
import { SHUTDOWN_SETTINGS } from './lifecycle/shutdown-sequence.js';
import { ServiceState } from './lifecycle/service-state.js';
import { ShutdownPhases } from './lifecycle/shutdown-phases.js';
import { ShutdownService } from './lifecycle/shutdown.service.js';
import { DiagBridge } from './logging/diag-bridge.js';
import { LogSources } from './log-sources/log-sources.js';
import { LOGGING_PROVIDERS } from './logging/logging.providers.js';
import { LOGGER_SETTINGS, OtelLogger } from './logging/otel-logger.js';
import { MANAGEMENT_SETTINGS } from './management/management-settings.js';
import { MANAGEMENT_PROVIDERS } from './management/management.providers.js';
import { MessagesInFlight } from './messages/messages-in-flight.js';
import { OTEL_METER, OTEL_TRACER } from './metrics/instrument.tokens.js';
import { METRICS_PROVIDERS, PROMETHEUS_ENDPOINT } from './metrics/metrics.providers.js';
import type { PrometheusEndpoint } from './metrics/prometheus-endpoint.js';
import type { OtelConfig, ShutdownConfig } from './options/otel.config.js';
import type { OtelModuleOptions } from './options/otel.options.js';
import { resolveConfig } from './options/resolve.js';
import { OTEL_TEST_OPTIONS, resolveTestConfig } from './options/test-options.js';
import type { TestOptions } from './options/test-options.js';
import { MODULE_OPTIONS_TOKEN } from './otel.module-definition.js';
import { OTEL_ENGINE } from './engine/engine.js';
import { OTEL_CONFIG } from './options/otel.config.js';
import type { ExportEngine } from './engine/engine.js';
import { createEngine } from './engine/engines.js';
import { registerFlush } from './exit/flush-order.js';
import { OtelProviders } from './providers/otel-providers.js';
import { Inventory } from './report/inventory.js';
import { tellOfOtherApps } from './report/other-apps.js';
import { reportOverlaps } from './report/overlap-report.js';
import { StartupReport } from './report/startup-report.js';
import { GrpcHealth } from './rpc/grpc-health.js';
import { RPC_PROVIDERS } from './rpc/rpc.providers.js';
import { RPC_SETTINGS, rpcSettings } from './rpc/rpc.settings.js';
import type { RpcSettings } from './rpc/rpc.settings.js';
import { SCOPE_NAME } from './late-bound/own-telemetry.js';
import { VERSION } from './late-bound/version.js';
import type { Secret } from './secrets/secret.js';
import { startSelfCheck } from './selfcheck/start-self-check.js';
import { SelfCheck } from './selfcheck/self-check.js';

const OVERLAPS = Symbol('nestlens.overlaps');

/** `OtelModule` provides the options in this form too, since a print of a module prints its providers. */
type GivenOptions = Secret<OtelModuleOptions | undefined>;

/** Provides the part of the configuration that one room needs. */
const settings = <S>(token: symbol, of: (config: OtelConfig) => S): Provider => ({
  provide: token,
  inject: [OTEL_CONFIG],
  useFactory: of,
});

const TELEMETRY_PROVIDERS: Provider[] = [
  {
    provide: OTEL_CONFIG,
    inject: [MODULE_OPTIONS_TOKEN, { token: OTEL_TEST_OPTIONS, optional: true }],
    useFactory: (options: GivenOptions, inTest?: TestOptions) =>
      inTest ? resolveTestConfig(options.reveal(), inTest) : resolveConfig(options.reveal()),
  },
  AppTelemetry,
  {
    provide: OTEL_ENGINE,
    // The registry judges its options when it is made: nothing may have been started before.
    inject: [OTEL_CONFIG, AppTelemetry, DiagBridge, HealthRegistry],
    async useFactory(config: OtelConfig, app: AppTelemetry, diagnostics: DiagBridge) {
      // First: an engine may have something to say while it is made, such as of a worker that does not start.
      diagnostics.install(config.diagnostics.level);
      app.onEnd(() => diagnostics.uninstall());
      try {
        return await createEngine(config, app);
      } catch (error) {
        diagnostics.uninstall();
        throw error;
      }
    },
  },
  {
    provide: OtelProviders,
    inject: [
      OTEL_CONFIG,
      OTEL_ENGINE,
      AppTelemetry,
      ShutdownPhases,
      PROMETHEUS_ENDPOINT,
      SHUTDOWN_SETTINGS,
      ServiceState,
      ModulesContainer,
    ],
    async useFactory(
      config: OtelConfig,
      engine: ExportEngine,
      app: AppTelemetry,
      phases: ShutdownPhases,
      prometheus: PrometheusEndpoint | undefined,
      shutdown: ShutdownConfig,
      state: ServiceState,
      modules: ModulesContainer,
    ) {
      const further = prometheus ? [prometheus.reader] : [];
      // Readers collect by their own timers: calls of observed instruments are not traced.
      const providers = await aside(() => OtelProviders.start(config, engine, further, app));
      startBegins(app, modules, state);
      tellOfOtherApps(app);
      state.onReady(() => {
        globalProviders.comesUp(app);
        tellOfOtherApps(app);
      });
      const { service, metrics } = config;
      const measures = !config.disabled && metrics.exporters.includes('otlp');
      const logger = app.loggers.getLogger(SCOPE_NAME, VERSION);
      const isFirst = (): boolean => globalProviders.isFirst(app);
      const life = { engine, providers, state, logger, service: service.name, measures, isFirst };
      registerFlush(
        phases,
        providers,
        engine,
        service.name,
        new TelemetryLife({ ...life, settings: shutdown }),
      );
      return providers;
    },
  },
];

/**
 * All that `OtelModule` brings. A module without options of its own, so that Nest makes one of it however often
 * `OtelModule` is imported: spans, probes and the flush are there once. The options come from the first import.
 */
@Global()
@Module({
  providers: [
    ...TELEMETRY_PROVIDERS,
    settings(HEALTH_SETTINGS, ({ health }) => health),
    settings(MANAGEMENT_SETTINGS, ({ health }) => health),
    settings(SHUTDOWN_SETTINGS, ({ shutdown }) => shutdown),
    settings(HTTP_SETTINGS, httpSettings),
    settings(RPC_SETTINGS, rpcSettings),
    settings(LOGGER_SETTINGS, ({ logs }) => logs),
    Inventory,
    ...LOGGING_PROVIDERS,
    LogSources,
    ...METRICS_PROVIDERS,
    ...HTTP_PROVIDERS,
    ...RPC_PROVIDERS,
    MessagesInFlight,
    ...LIFECYCLE_PROVIDERS,
    ...MANAGEMENT_PROVIDERS,
    {
      provide: SelfCheck,
      // The providers come first: observed values belong to a running app.
      inject: [OTEL_CONFIG, OTEL_ENGINE, AppTelemetry, OtelProviders],
      useFactory: startSelfCheck,
    },
    {
      provide: OVERLAPS,
      inject: [AppTelemetry, HTTP_SETTINGS, RPC_SETTINGS],
      useFactory: (app: AppTelemetry, http: HttpSettings, grpc: RpcSettings) =>
        reportOverlaps(app, { http, grpc }),
    },
    ...HEALTH_PROVIDERS,
    GrpcHealth,
    StartupReport,
  ],
  exports: [
    OtelLogger,
    Availability,
    HealthRegistry,
    ShutdownService,
    AppTelemetry,
    OTEL_METER,
    OTEL_TRACER,
  ],
})
export class OtelCoreModule implements NestModule, OnModuleInit {
  readonly #application: ApplicationConfig;
  readonly #modules: ModulesContainer;
  readonly #http: HttpSettings;
  readonly #app: AppTelemetry;
  readonly #routes: HandlerRoutes;
  #warned = false;

  constructor(
    application: ApplicationConfig,
    modules: ModulesContainer,
    @Inject(HTTP_SETTINGS) http: HttpSettings,
    app: AppTelemetry,
    routes: HandlerRoutes,
  ) {
    this.#routes = routes;
    this.#application = application;
    this.#modules = modules;
    this.#http = http;
    this.#app = app;
  }

  /** Called by Nest after all of `main.ts` and before it builds the first handler. */
  configure(): void {
    if (!this.#http.server) return;
    watchHandlers(this.#application, this.#modules);
    this.#routes.read();
    watchResolvers(this.#modules);
  }

  onModuleInit(): void {
    globalProviders.goesOn(this.#app);
    startGoesOn(this.#app);
    const copies = copiesText();
    if (copies !== undefined) new Logger('OtelModule').warn(copies);
    const imports = [...this.#modules.values()].filter(({ providers }) =>
      providers.has(MODULE_OPTIONS_TOKEN),
    );
    if (imports.length < 2 || this.#warned) return;
    this.#warned = true;
    new Logger('OtelModule').warn(
      `OtelModule is imported with options ${imports.length} times in one app: those of the first import are ` +
        'used, the others are ignored. Import it once, in the root module.',
    );
  }
}
