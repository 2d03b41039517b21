import type { ServerResponse } from 'node:http';
import { diag } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import type { ManagementRoutes } from '../management/management-routes.js';
import type { MetricsOptions } from '../options/otel.options.js';

const DEFAULT_PATH = '/metrics';
/** Below Prometheus' own default of 10 s, so that a slow callback costs itself and not the scrape. */
const COLLECT_TIMEOUT_MS = 5000;
/** Prometheus, exposition formats, text-based format. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The path to serve, or `undefined` where it is switched off. */
export const resolvePrometheus = (options: MetricsOptions = {}): string | undefined => {
  const { prometheus = false } = options;
  if (prometheus === false) return undefined;
  const path = (prometheus === true ? undefined : prometheus.path) ?? DEFAULT_PATH;
  return path.startsWith('/') ? path : `/${path}`;
};

/**
 * The metrics of the SDK as Prometheus text on a management route: the official exporter as a reader,
 * without the server of its own. Scrapes at the same time share one collection. 503 while there is
 * nothing to collect from: before the start and after the shutdown.
 */
export class PrometheusEndpoint {
  readonly #exporter = new PrometheusExporter({ preventServerStart: true });
  readonly #serializer = new PrometheusSerializer();
  #collecting: Promise<string> | undefined;

  /** Belongs among the readers of the meter provider, which shuts it down. */
  get reader(): IMetricReader {
    return this.#exporter;
  }

  mount(routes: ManagementRoutes, path: string): void {
    routes.add(path, (_request, response) => void this.#answer(response));
  }

  async #answer(response: ServerResponse): Promise<void> {
    try {
      const text = await (this.#collecting ??= this.#collect());
      response.writeHead(200, {
        'content-type': CONTENT_TYPE,
        'content-length': Buffer.byteLength(text),
        'cache-control': 'no-store',
      });
      // Node leaves the body out where the request was a HEAD.
      response.end(text);
    } catch (error) {
      diag.warn('Metrics could not be collected for a scrape', error);
      if (!response.headersSent) response.writeHead(503, { 'content-type': CONTENT_TYPE });
      response.end();
    }
  }

  async #collect(): Promise<string> {
    try {
      const { resourceMetrics, errors } = await this.#exporter.collect({
        timeoutMillis: COLLECT_TIMEOUT_MS,
      });
      for (const error of errors) diag.warn('An observed instrument failed', error);
      return this.#serializer.serialize(resourceMetrics);
    } finally {
      this.#collecting = undefined;
    }
  }
}
