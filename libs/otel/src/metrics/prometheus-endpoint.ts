import type { ServerResponse } from 'node:http';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import { boundedReader } from '@nestlens/otlp';
import type { BoundedReaderOptions } from '@nestlens/otlp';
import { diag } from '../api/diag.js';
import type { ManagementRoutes } from '../management/management-routes.js';

/** Below Prometheus' own default of 10 s, so that a slow callback costs itself and not the scrape. */
const COLLECT_TIMEOUT_MS = 5000;
/** Prometheus, exposition formats, text-based format. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

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
  readonly reader: IMetricReader;

  constructor(bounds: BoundedReaderOptions = {}) {
    this.reader = boundedReader(this.#exporter, bounds);
  }

  mount(routes: ManagementRoutes, path: string): void {
    routes.add(
      path,
      (_request, response) => void this.#answer(response),
      'metrics.prometheus.path',
    );
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
      // Detectors that read files may still be at it when the first scrape comes.
      const { resource } = resourceMetrics;
      if (resource.asyncAttributesPending) await resource.waitForAsyncAttributes?.();
      return this.#serializer.serialize(resourceMetrics);
    } finally {
      this.#collecting = undefined;
    }
  }
}
