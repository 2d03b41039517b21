import type { Metric } from '@nestlens/otlp/wire';
import type { MetricPoint } from '../admission/metric-point.js';
import { sortedFingerprint } from './fingerprint.js';
import { Series, temporalityOf } from './series.js';
import { Shelf } from './shelf.js';
import { SourceTable, type Source } from './source.js';

// The series, its two arrays and its place in the index; without its attributes and its key.
const SERIES_BASE = 600;

export interface MetricStoreOptions {
  readonly maxBytes: number;
  readonly maxPointsPerSeries: number;
}

export class MetricStore {
  readonly shelf: Shelf<Series>;
  readonly sources: SourceTable<Series>;
  readonly #series = new Map<string, Series>();
  readonly #maxPoints: number;

  constructor({ maxBytes, maxPointsPerSeries }: MetricStoreOptions) {
    this.#maxPoints = maxPointsPerSeries;
    this.shelf = new Shelf(maxBytes, (series) => this.#evicted(series));
    this.sources = new SourceTable(this.shelf);
  }

  get size(): number {
    return this.#series.size;
  }

  /** `seriesBytes` is called only if the point begins a series. */
  add(
    metric: Metric,
    point: MetricPoint,
    source: Source<Series>,
    bytes: number,
    seriesBytes: (metric: Metric, point: MetricPoint) => number,
  ): void {
    const { counts } = source.service;
    const key = keyOf(metric, point, source);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = new Series(key, source, metric, point.attributes);
      series.bytes = SERIES_BASE + key.length + seriesBytes(metric, point);
      this.#series.set(key, series);
      this.sources.hold(source);
      this.shelf.put(series, source.list);
    } else {
      series.unit = metric.unit;
      series.description = metric.description;
    }
    series.push(point, bytes);
    counts.metrics.held += 1;
    let grown = bytes;
    if (series.points.length > this.#maxPoints) {
      grown -= series.shift();
      counts.metrics.held -= 1;
      counts.metrics.evicted += 1;
    }
    this.shelf.touch(series, grown, source.list);
    if (this.shelf.bytes > this.shelf.maxBytes) this.shelf.trim();
  }

  clear(): void {
    this.#series.clear();
    this.sources.clear();
    this.shelf.clear();
  }

  #evicted(series: Series): void {
    this.#series.delete(series.key);
    const counts = series.source.service.counts.metrics;
    counts.held -= series.points.length;
    counts.evicted += series.points.length;
    this.sources.release(series.source);
  }
}

/** With equal resource and scope, metrics differ by name, kind, temporality and attributes. */
function keyOf({ name, data }: Metric, point: MetricPoint, source: Source<Series>): string {
  const temporality = temporalityOf(data);
  const attributes = sortedFingerprint(point.attributes);
  return `${source.number}|${data.kind}${temporality}|${name.length}:${name}|${attributes}`;
}
