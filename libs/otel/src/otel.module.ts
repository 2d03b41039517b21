import { Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { AdapterHooks } from './http/adapter-hooks.js';
import { HEALTH_IMPORTS, HEALTH_PROVIDERS } from './health/health.providers.js';
import { resolveHealth } from './health/health-settings.js';
import { HEALTH_SETTINGS } from './health/health.tokens.js';
import { LIFECYCLE_PROVIDERS } from './lifecycle/lifecycle.providers.js';
import { SHUTDOWN_SETTINGS } from './lifecycle/lifecycle.tokens.js';
import { ShutdownPhases } from './lifecycle/shutdown-phases.js';
import { resolveShutdown } from './lifecycle/shutdown-settings.js';
import { MANAGEMENT_PROVIDERS } from './management/management.providers.js';
import type { OtelConfig } from './options/otel.config.js';
import type { OtelModuleOptions } from './options/otel.options.js';
import { resolveConfig } from './options/resolve.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './otel.module-definition.js';
import type { OtelModuleAsyncOptions } from './otel.module-definition.js';
import { OTEL_CONFIG, OTEL_ENGINE } from './otel.tokens.js';
import type { ExportEngine } from './providers/engine.js';
import { createEngine } from './providers/engines.js';
import { registerFlush } from './providers/flush-order.js';
import { OtelProviders } from './providers/otel-providers.js';
import { Inventory } from './report/inventory.js';
import { StartupReport } from './report/startup-report.js';

const { env } = process;

/** The settings of a room, resolved from its section once the whole has been validated. */
const settings = <S>(token: symbol, resolve: (options: OtelModuleOptions) => S): Provider => ({
  provide: token,
  inject: [MODULE_OPTIONS_TOKEN, OTEL_CONFIG],
  useFactory: (options: OtelModuleOptions | undefined) => resolve(options ?? {}),
});

const TELEMETRY_PROVIDERS: Provider[] = [
  {
    provide: OTEL_CONFIG,
    inject: [MODULE_OPTIONS_TOKEN],
    useFactory: (options: unknown) => resolveConfig(options, env),
  },
  { provide: OTEL_ENGINE, inject: [OTEL_CONFIG], useFactory: createEngine },
  {
    provide: OtelProviders,
    inject: [OTEL_CONFIG, OTEL_ENGINE, ShutdownPhases],
    useFactory(config: OtelConfig, engine: ExportEngine, phases: ShutdownPhases) {
      const providers = OtelProviders.start(config, engine, [], env);
      registerFlush(phases, providers, engine, config.service.name);
      return providers;
    },
  },
];

/**
 * Observability for the whole app: import it once, in the root module. Global.
 *
 * @throws OtelConfigError at start, with every fault of the options.
 */
@Module({
  imports: HEALTH_IMPORTS,
  providers: [
    ...TELEMETRY_PROVIDERS,
    settings(HEALTH_SETTINGS, (options) => resolveHealth(options.health)),
    settings(SHUTDOWN_SETTINGS, (options) => resolveShutdown(options.shutdown, env)),
    Inventory,
    AdapterHooks,
    ...LIFECYCLE_PROVIDERS,
    ...MANAGEMENT_PROVIDERS,
    ...HEALTH_PROVIDERS,
    StartupReport,
  ],
})
export class OtelModule extends ConfigurableModuleClass {
  /** With options in code. Without any it works from `OTEL_*` alone. */
  static override forRoot(options?: OtelModuleOptions): DynamicModule {
    const definition = super.forRoot({});
    // The builder would spread the options and so hide that they are no object.
    return {
      ...definition,
      providers: [{ provide: MODULE_OPTIONS_TOKEN, useValue: options }],
    };
  }

  /** With options from injected configuration. Equal in effect to {@link OtelModule.forRoot}. */
  static override forRootAsync(options: OtelModuleAsyncOptions): DynamicModule {
    return super.forRootAsync(options);
  }
}
