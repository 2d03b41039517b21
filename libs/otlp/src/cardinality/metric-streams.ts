import type { HrTime } from '@opentelemetry/api';
import type {
  AggregationTemporality,
  Histogram,
  MetricData,
  ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { BoundedSets, isBefore } from './bounded-sets.js';
import { mergeOf } from './merging.js';
import type { Instrument } from './stream-rules.js';

/** AggregationTemporality of the SDK, whose values are not imported. */
export const DELTA: AggregationTemporality = 0;
export const CUMULATIVE: AggregationTemporality = 1;

/** What holds for one metric. */
export interface StreamRule {
  /** Points at most. */
  readonly limit: number;
  /** Buckets of an exponential histogram, for each sign. */
  readonly maxSize: number;
  /** Whether what the SDK gives as deltas leaves as the sum since the start. */
  readonly cumulative: boolean;
}

export type RuleOf = (scope: ScopeMetrics['scope'], instrument: Instrument) => StreamRule;

/** One metric of one scope; `sets` for those that are summed up here. */
interface Stream {
  readonly rule: StreamRule;
  readonly sets: BoundedSets | undefined;
  /** The last that was seen; its description may change. */
  metric: MetricData;
}

interface ScopeStreams {
  readonly scope: ScopeMetrics['scope'];
  readonly streams: Map<string, Stream>;
}

/**
 * The memory between collections, one of it for a reader. It takes what the SDK collected and gives what is to leave:
 * deltas summed up where the destination wants sums since the start, everything within its limit.
 */
export class MetricStreams {
  readonly #ruleOf: RuleOf;
  readonly #scopes = new Map<string, ScopeStreams>();
  #time: HrTime = [0, 0];

  constructor(ruleOf: RuleOf) {
    this.#ruleOf = ruleOf;
  }

  /** `time` is that of the collection, where no point tells it. */
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

  /** Collections may end in another order than they began; time does not go back. */
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
 * All by which the SDK tells one storage from another, so that what is added up is of one kind: two units of one name
 * are two metrics. The description is not part of it, since the longest one wins.
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

const timeOf = (collected: readonly ScopeMetrics[]): HrTime | undefined => {
  for (const { metrics } of collected) {
    for (const { dataPoints } of metrics) {
      if (dataPoints[0] !== undefined) return dataPoints[0].endTime;
    }
  }
  return undefined;
};

/** What passes is bounded by the SDK, but for the one set more that it has room for. */
function bounded(metric: MetricData, { limit, maxSize }: StreamRule): MetricData {
  if (metric.dataPoints.length <= limit) return metric;
  const sets = new BoundedSets(mergeOf(metric, maxSize), limit);
  for (const point of metric.dataPoints) sets.add(point);
  return { ...metric, dataPoints: sets.points() } as MetricData;
}

const summedUp = ({ metric }: Stream, sets: BoundedSets, time: HrTime): MetricData =>
  ({
    ...metric,
    aggregationTemporality: CUMULATIVE,
    dataPoints: sets.points(time),
  }) as MetricData;
