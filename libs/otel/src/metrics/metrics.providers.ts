import type { Provider } from '@nestjs/common';
import { ManagementRoutes } from '../management/management-routes.js';
import type { OtelConfig } from '../options/otel.config.js';
import { OTEL_CONFIG } from '../options/otel.config.js';
import { AppTelemetry } from '../late-bound/app-telemetry.js';
import { SCOPE_NAME } from '../late-bound/own-telemetry.js';
import { VERSION } from '../late-bound/version.js';
import { scrapedBoundsOf } from '../engine/bounds.js';
import { OTEL_METER, OTEL_TRACER } from './instrument.tokens.js';
import { RuntimeMetrics } from './runtime-metrics.js';

/** Injection token of the `PrometheusEndpoint`; undefined where metrics are not served. */
export const PROMETHEUS_ENDPOINT = Symbol('nestlens.prometheus');

const collects = ({ disabled, metrics: options }: OtelConfig): boolean =>
  !disabled &&
  (options.exporters.length > 0 ||
    options.readers.length > 0 ||
    options.prometheusPath !== undefined);

/**
 * Needs `OTEL_CONFIG`, `AppTelemetry` and `ManagementRoutes`. The reader of {@link PROMETHEUS_ENDPOINT}, if there is one,
 * belongs to the SDK's readers. Users inject `OTEL_METER` and `OTEL_TRACER`.
 */
export const METRICS_PROVIDERS: Provider[] = [
  {
    provide: OTEL_METER,
    inject: [OTEL_CONFIG, AppTelemetry],
    useFactory: ({ service }: OtelConfig, { meters }: AppTelemetry) =>
      meters.getMeter(service.name, service.version),
  },
  {
    provide: OTEL_TRACER,
    inject: [OTEL_CONFIG, AppTelemetry],
    useFactory: ({ service }: OtelConfig, { tracers }: AppTelemetry) =>
      tracers.getTracer(service.name, service.version),
  },
  {
    provide: PROMETHEUS_ENDPOINT,
    inject: [OTEL_CONFIG, ManagementRoutes],
    async useFactory(config: OtelConfig, routes: ManagementRoutes) {
      const path = config.metrics.prometheusPath;
      if (path === undefined || config.disabled) return undefined;
      // Loaded when it is asked for, with the official exporter behind it.
      const { PrometheusEndpoint } = await import('./prometheus-endpoint.js');
      const endpoint = new PrometheusEndpoint(scrapedBoundsOf(config));
      endpoint.mount(routes, path);
      return endpoint;
    },
  },
  {
    provide: RuntimeMetrics,
    inject: [OTEL_CONFIG, AppTelemetry],
    useFactory(config: OtelConfig, app: AppTelemetry) {
      const runtime = new RuntimeMetrics();
      if (config.metrics.runtime && collects(config)) {
        runtime.start(app.meters.getMeter(SCOPE_NAME, VERSION));
        // Until then: the last collection is made during the shutdown.
        app.onEnd(() => runtime.stop());
      }
      return runtime;
    },
  },
];
