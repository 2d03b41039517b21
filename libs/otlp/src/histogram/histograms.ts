import type { Histogram, HrTime, MetricOptions } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type {
  CollectionResult,
  IMetricReader,
  MetricData,
  MetricProducer,
  ScopeMetrics,
  ViewOptions,
} from '@opentelemetry/sdk-metrics';
import { hrTimeOf, timeOf } from '../cardinality/collection-time.js';
import { viewsOf } from '../cardinality/stream-rules.js';
import { HISTOGRAM, HistogramStorage } from './histogram-storage.js';
import { StoredHistogram } from './stored-histogram.js';

/** AggregationType.DEFAULT and DataPointType.HISTOGRAM of the SDK, and ValueType of the API: none of them is imported. */
const DEFAULT_AGGREGATION = 0;
const HISTOGRAM_POINTS = 0;
const INT = 0;
const DOUBLE = 1;
/** Boundaries without advice. Source: metrics SDK, explicit bucket histogram aggregation. */
const DEFAULT_BOUNDARIES = [
  0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000,
];

interface Stored {
  readonly scope: InstrumentationScope;
  descriptor: MetricData['descriptor'] & Pick<MetricOptions, 'advice'>;
  readonly storages: readonly HistogramStorage[];
}

/**
 * The histograms of one meter provider, kept beside the SDK: it makes a sorted text of the attributes for each
 * measurement, and reads the clock. Their readers get the SDK's metrics and these in one collection; the output is the
 * SDK's. Histograms that a view shapes, those of integers, and all where a reader wants another aggregation than the
 * default, stay in the SDK.
 */
export class Histograms {
  readonly #views: readonly ViewOptions[];
  readonly #readers: IMetricReader[] = [];
  readonly #stored = new Map<string, Stored>();

  /** `views`: those of the meter provider. */
  constructor(views: readonly ViewOptions[] = []) {
    this.#views = views;
  }

  /** The reader to register in the place of `inner`, which is still the one to flush and to shut down. */
  beside(inner: IMetricReader): IMetricReader {
    const at = this.#readers.push(inner) - 1;
    return {
      setMetricProducer: (producer) =>
        inner.setMetricProducer({ collect: (how) => this.#collect(at, producer, how) }),
      selectAggregation: (type) => inner.selectAggregation(type),
      selectAggregationTemporality: (type) => inner.selectAggregationTemporality(type),
      ...(inner.selectCardinalityLimit && {
        selectCardinalityLimit: inner.selectCardinalityLimit.bind(inner),
      }),
      collect: (how) => inner.collect(how),
      forceFlush: (how) => inner.forceFlush(how),
      shutdown: (how) => inner.shutdown(how),
    };
  }

  /** The histogram to use. `real`: the SDK's, which has warned of a name that is invalid or taken. */
  create(
    scope: InstrumentationScope,
    name: string,
    options: MetricOptions,
    real: Histogram,
  ): Histogram {
    const { unit = '', description = '', valueType = DOUBLE, advice = {} } = options;
    if (!this.#isKept(scope, name, unit, valueType)) return real;
    const { name: meter, version, schemaUrl } = scope;
    const key = JSON.stringify([meter, version, schemaUrl, name, unit]);
    const known = this.#stored.get(key);
    if (known !== undefined) {
      // The longer description stays, as in the SDK.
      if (description.length > known.descriptor.description.length) {
        known.descriptor = { ...known.descriptor, description };
      }
      return new StoredHistogram(known.storages, real);
    }
    const boundaries = boundariesOf(advice.explicitBucketBoundaries);
    const descriptor = { name, type: HISTOGRAM, description, unit, valueType, advice };
    const storages = this.#readers.map((reader) => new HistogramStorage(boundaries, reader));
    this.#stored.set(key, { scope, descriptor, storages });
    return new StoredHistogram(storages, real);
  }

  #isKept(scope: InstrumentationScope, name: string, unit: string, valueType: number): boolean {
    return (
      valueType !== INT &&
      viewsOf(this.#views, scope, { name, unit, type: HISTOGRAM }).length === 0 &&
      this.#readers.every(
        (reader) => (reader.selectAggregation(HISTOGRAM).type as number) === DEFAULT_AGGREGATION,
      )
    );
  }

  async #collect(
    reader: number,
    producer: MetricProducer,
    how: Parameters<MetricProducer['collect']>[0],
  ): Promise<CollectionResult> {
    const began = Date.now();
    const { resourceMetrics, errors } = await producer.collect(how);
    const { scopeMetrics } = resourceMetrics;
    const own = this.#metrics(reader, timeOf(scopeMetrics) ?? hrTimeOf(began));
    return {
      resourceMetrics: { ...resourceMetrics, scopeMetrics: joined(scopeMetrics, own) },
      errors,
    };
  }

  #metrics(reader: number, time: HrTime): ScopeMetrics[] {
    const metrics: ScopeMetrics[] = [];
    for (const { scope, descriptor, storages } of this.#stored.values()) {
      const collected = storages[reader]?.collect(time);
      if (collected === undefined) continue;
      metrics.push({
        scope,
        metrics: [{ descriptor, dataPointType: HISTOGRAM_POINTS, ...collected }],
      });
    }
    return metrics;
  }
}

/** Each metric of `own` behind those of its scope. */
function joined(collected: readonly ScopeMetrics[], own: readonly ScopeMetrics[]): ScopeMetrics[] {
  const all = [...collected];
  for (const { scope, metrics } of own) {
    const at = all.findIndex((one) => isSame(one.scope, scope));
    const known = all[at];
    if (known === undefined) all.push({ scope, metrics });
    else all[at] = { scope: known.scope, metrics: [...known.metrics, ...metrics] };
  }
  return all;
}

function isSame(one: InstrumentationScope, other: InstrumentationScope): boolean {
  return (
    one.name === other.name &&
    (one.version ?? '') === (other.version ?? '') &&
    one.schemaUrl === other.schemaUrl
  );
}

/** As the SDK takes them: in order, and without infinite ones, which mean nothing. */
function boundariesOf(advised: readonly number[] | undefined): readonly number[] {
  if (advised === undefined) return DEFAULT_BOUNDARIES;
  const sorted = advised.toSorted((a, b) => a - b);
  const infinity = sorted.indexOf(Infinity);
  return sorted.slice(sorted.lastIndexOf(-Infinity) + 1, infinity === -1 ? undefined : infinity);
}
