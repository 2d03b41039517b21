import type { HrTime } from '@opentelemetry/api';
import type {
  AggregationTemporality,
  Histogram,
  MetricData,
  ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { BoundedSets, isBefore } from './bounded-sets.js';
import { timeOf } from './collection-time.js';
import { mergeOf } from './merging.js';
import type { Instrument } from './stream-rules.js';

/** AggregationTemporality of the SDK, whose values are not imported. */
export const DELTA: AggregationTemporality = 0;
export const CUMULATIVE: AggregationTemporality = 1;

/** Rules of one metric. */
export interface StreamRule {
  /** The most points. */
  readonly limit: number;
  /** The most buckets of an exponential histogram, for each sign. */
  readonly maxSize: number;
  /** Whether the SDK's deltas are added up since the start. */
  readonly cumulative: boolean;
}

type RuleOf = (scope: ScopeMetrics['scope'], instrument: Instrument) => StreamRule;

/** One metric of one scope; `sets` only if it is summed up here. */
interface Stream {
  readonly rule: StreamRule;
  readonly sets: BoundedSets | undefined;
  /** The descriptor that was seen last. Its description may change. */
  metric: MetricData;
}

interface ScopeStreams {
  readonly scope: ScopeMetrics['scope'];
  readonly streams: Map<string, Stream>;
}

/**
 * The state between collections, one for each reader. It takes the metrics that the SDK collected and returns those
 * to export: deltas summed up where the destination wants cumulative values, everything within its limit.
 */
export class MetricStreams {
  readonly #ruleOf: RuleOf;
  readonly #scopes = new Map<string, ScopeStreams>();
  #time: HrTime = [0, 0];

  constructor(ruleOf: RuleOf) {
    this.#ruleOf = ruleOf;
  }

  /** `time` is the time of the collection, for metrics whose points have none. */
  take(collected: readonly ScopeMetrics[], time: HrTime): ScopeMetrics[] {
    this.#advance(timeOf(collected) ?? time);
    const passing = new Map<Stream, MetricData[]>();
    for (const { scope, metrics } of collected) {
      const known = this.#scope(scope);
      for (const metric of metrics) {
        const stream = this.#stream(known, metric);
        stream.metric = metric;
        if (stream.sets === undefined) {
          passing.set(stream, [...(passing.get(stream) ?? []), bounded(metric, stream.rule)]);
        } else {
          for (const point of metric.dataPoints) stream.sets.add(point);
        }
      }
    }
    return this.#leaving(passing);
  }

  #leaving(passing: ReadonlyMap<Stream, MetricData[]>): ScopeMetrics[] {
    const leaving: ScopeMetrics[] = [];
    for (const { scope, streams } of this.#scopes.values()) {
      const metrics: MetricData[] = [];
      for (const stream of streams.values()) {
        if (stream.sets !== undefined) metrics.push(summedUp(stream, stream.sets, this.#time));
        else metrics.push(...(passing.get(stream) ?? []));
      }
      if (metrics.length > 0) leaving.push({ scope, metrics });
    }
    return leaving;
  }

  /** Collections may end in another order than they began. Times of a metric do not go back. */
  #advance(time: HrTime): void {
    if (isBefore(this.#time, time)) this.#time = time;
  }

  #scope(scope: ScopeMetrics['scope']): ScopeStreams {
    const key = JSON.stringify([scope.name, scope.version, scope.schemaUrl]);
    const known = this.#scopes.get(key) ?? { scope, streams: new Map<string, Stream>() };
    this.#scopes.set(key, known);
    return known;
  }

  #stream({ scope, streams }: ScopeStreams, metric: MetricData): Stream {
    const key = keyOf(metric);
    const known = streams.get(key);
    if (known !== undefined) return known;
    const rule = this.#ruleOf(scope, metric.descriptor);
    const isSummedUp = rule.cumulative && (metric.aggregationTemporality as number) === DELTA;
    const made: Stream = {
      rule,
      sets: isSummedUp ? new BoundedSets(mergeOf(metric, rule.maxSize), rule.limit) : undefined,
      metric,
    };
    streams.set(key, made);
    return made;
  }
}

/**
 * The properties that identify a storage of the SDK, so that only values of one kind are added up. For example, two
 * units of one name are two metrics. The description is not among them, since the longest one wins.
 */
function keyOf(metric: MetricData): string {
  const { name, unit, valueType, type } = metric.descriptor as MetricData['descriptor'] &
    Instrument;
  const { dataPointType, aggregationTemporality } = metric;
  const { isMonotonic } = metric as { isMonotonic?: boolean };
  const value = metric.dataPoints[0]?.value as Partial<Histogram> | undefined;
  return JSON.stringify([
    name,
    unit,
    valueType,
    type,
    dataPointType,
    aggregationTemporality,
    isMonotonic,
    value?.buckets?.boundaries,
  ]);
}

/** The SDK bounds the metrics that pass, except for the one set more that it has room for. */
function bounded(metric: MetricData, { limit, maxSize }: StreamRule): MetricData {
  if (metric.dataPoints.length <= limit) return metric;
  const sets = new BoundedSets(mergeOf(metric, maxSize), limit);
  for (const point of metric.dataPoints) sets.add(point);
  return { ...metric, dataPoints: sets.points() } as MetricData;
}

function summedUp({ metric }: Stream, sets: BoundedSets, time: HrTime): MetricData {
  return {
    ...metric,
    aggregationTemporality: CUMULATIVE,
    dataPoints: sets.points(time),
  } as MetricData;
}
