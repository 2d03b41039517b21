import type { Attributes, Metric, MetricData } from '@nestlens/otlp/wire';
import type { MetricPoint } from '../admission/metric-point.js';
import { ShelfItem } from './shelf.js';
import type { Source } from './source.js';

export type MetricKind = MetricData['kind'];

/** The points of one metric with one attribute set from one source, oldest first. */
export class Series extends ShelfItem<Series> {
  readonly key: string;
  readonly source: Source<Series>;
  readonly name: string;
  readonly kind: MetricKind;
  /** 0 if the kind has none, 1 delta, 2 cumulative. */
  readonly temporality: number;
  readonly monotonic: boolean;
  readonly attributes: Attributes;
  unit: string;
  description: string;
  readonly points: MetricPoint[] = [];
  readonly #sizes: number[] = [];

  constructor(key: string, source: Source<Series>, metric: Metric, attributes: Attributes) {
    super();
    const { data } = metric;
    this.key = key;
    this.source = source;
    this.name = metric.name;
    this.unit = metric.unit;
    this.description = metric.description;
    this.kind = data.kind;
    this.temporality = temporalityOf(data);
    this.monotonic = data.kind === 'sum' && data.monotonic;
    this.attributes = attributes;
  }

  push(point: MetricPoint, bytes: number): void {
    // The series' own set replaces the equal set of each point.
    this.points.push({ ...point, attributes: this.attributes });
    this.#sizes.push(bytes);
  }

  /** Drops the oldest point and returns its bytes. */
  shift(): number {
    this.points.shift();
    return this.#sizes.shift() ?? 0;
  }
}

export function temporalityOf(data: MetricData): number {
  return 'temporality' in data ? data.temporality : 0;
}
