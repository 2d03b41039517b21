import { Module } from '@nestjs/common';
import type { DynamicModule, FactoryProvider, Provider } from '@nestjs/common';
import { lives } from './exit/lives.js';
import type { FlushedTelemetry } from './exit/lives.js';
import { keepEarlyLines } from './logging/early-lines.js';
import { askedOptions } from './options/asked-options.js';
import type { OtelModuleOptions } from './options/otel.options.js';
import { OtelCoreModule } from './otel-core.module.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './otel.module-definition.js';
import type { OtelModuleAsyncOptions } from './otel.module-definition.js';
import { Secret } from './secrets/secret.js';

/** The deadline of {@link OtelModule.flush} without a signal, in ms. */
const FLUSH_MS = 5000;
/** Longest that a timer of Node can be. */
const MOST_FLUSH_MS = 2 ** 31 - 1;

/** The remaining time of an invocation may be below 0, or no number at all. */
const flushSignal = (within: unknown): AbortSignal => {
  if (within instanceof AbortSignal) return within;
  const ms = typeof within === 'number' && !Number.isNaN(within) ? within : FLUSH_MS;
  return AbortSignal.timeout(Math.trunc(Math.min(Math.max(ms, 0), MOST_FLUSH_MS)));
};

/** The core finds the options here, because every module finds the exports of a global module. */
const exported = [MODULE_OPTIONS_TOKEN];

const isOptions = (provider: Provider): provider is FactoryProvider<OtelModuleOptions> =>
  'provide' in provider && provider.provide === MODULE_OPTIONS_TOKEN && 'useFactory' in provider;

/**
 * Observability for the whole app: import it once, in the root module. Global. The options of further imports in the
 * same app are ignored, with a warning at start.
 *
 * @throws OtelConfigError at start, with every fault of the options.
 */
@Module({ imports: [OtelCoreModule] })
export class OtelModule extends ConfigurableModuleClass {
  /** Registers the module with options in code. Without any it works from `OTEL_*` alone. */
  static override forRoot(options?: OtelModuleOptions): DynamicModule {
    keepEarlyLines();
    const definition = super.forRoot({});
    // The builder would spread the options and so hide that they are no object.
    return {
      ...definition,
      providers: [{ provide: MODULE_OPTIONS_TOKEN, useValue: new Secret(options) }],
      exports: exported,
    };
  }

  /**
   * Sends the telemetry of all apps in this process: traces, logs, and metrics, which are collected for it.
   * For functions that are frozen between calls, and jobs that go on.
   *
   * @param within A signal, or ms. Default: 5000 ms. A value below 0 counts as 0. Any other value counts as the default.
   *   Items that are not settled by then are still being sent.
   * @returns the result for each app; empty if there is no telemetry. Never rejects.
   */
  static flush(within: AbortSignal | number = FLUSH_MS): Promise<FlushedTelemetry[]> {
    const signal = flushSignal(within);
    return Promise.all(lives.all.map((life) => life.flush(signal)));
  }

  /** Registers the module with options from injected configuration. Equal in effect to {@link OtelModule.forRoot}. */
  static override forRootAsync(options: OtelModuleAsyncOptions): DynamicModule {
    keepEarlyLines();
    const { providers = [], ...definition } = super.forRootAsync(options);
    return {
      ...definition,
      providers: providers.map((provider) =>
        isOptions(provider) ? askedOptions(provider, MODULE_OPTIONS_TOKEN, options) : provider,
      ),
      exports: exported,
    };
  }
}
