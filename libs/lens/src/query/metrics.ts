import type { MetricStore } from '../store/metric-store.js';
import type { Series } from '../store/series.js';
import { failure, ok, type Answer } from './answer.js';
import { jsonAttributes, type Json } from './json.js';
import { page } from './page.js';
import type { Params } from './params.js';
import { pointDetail } from './points.js';

const temporalities = [null, 'delta', 'cumulative'];

/** `GET /api/metrics`: the stored metrics, by service and name. `cursor` counts the ones before. */
export function listMetrics(store: MetricStore, params: Params): Answer {
  const service = params.text('service');
  const limit = params.limit(500);
  const skip = params.cursor() ?? 0;
  const fault = params.fault();
  if (fault !== undefined) return fault;

  const found = new Map<string, { head: Series; series: number; points: number }>();
  for (let series = store.shelf.newest; series !== undefined; series = series.previous) {
    if (service !== undefined && series.source.serviceName !== service) continue;
    const key = `${series.source.serviceName}\n${series.name}\n${series.kind}${series.temporality}`;
    const metric = found.get(key);
    if (metric === undefined)
      found.set(key, { head: series, series: 1, points: series.points.length });
    else {
      metric.series += 1;
      metric.points += series.points.length;
    }
  }
  const keys = [...found.keys()].toSorted();
  const metrics = keys.slice(skip, skip + limit).map((key) => {
    const { head, series, points } = found.get(key)!;
    return { ...metricDetail(head), service: head.source.serviceName, series, points };
  });
  const end = skip + metrics.length;
  return ok({ metrics, nextCursor: end < keys.length ? String(end) : null });
}

/** `GET /api/metrics/{name}`: its series, the newest first, each with its latest `points`. */
export function getMetric(store: MetricStore, name: string, params: Params): Answer {
  const service = params.text('service');
  const limit = params.limit();
  const points = params.integer('points', { min: 1, max: 1_000, fallback: 100 });
  const cursor = params.cursor();
  const fault = params.fault();
  if (fault !== undefined) return fault;

  const { items, nextCursor } = page({
    newest: store.shelf.newest,
    cursor,
    limit,
    matches: (series: Series) =>
      series.name === name && (service === undefined || series.source.serviceName === service),
  });
  if (items.length === 0 && nextCursor === null && cursor === undefined) {
    return failure(404, 'metric_not_found', 'no such metric is held; GET /api/metrics lists them');
  }
  return ok({ name, series: items.map((series) => seriesDetail(series, points)), nextCursor });
}

function metricDetail(series: Series): { [key: string]: Json } {
  return {
    name: series.name,
    kind: series.kind,
    unit: series.unit,
    description: series.description,
    temporality: temporalities[series.temporality] ?? null,
    monotonic: series.monotonic,
  };
}

function seriesDetail(series: Series, points: number): Json {
  return {
    ...metricDetail(series),
    service: series.source.serviceName,
    instanceId: series.source.instanceId,
    scope: series.source.scope.name,
    attributes: jsonAttributes(series.attributes),
    points: series.points.slice(-points).map(pointDetail),
  };
}
