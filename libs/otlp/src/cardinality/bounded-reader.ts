import type { HrTime } from '@opentelemetry/api';
import type {
  CollectionResult,
  IMetricReader,
  InstrumentType,
  MetricCollectOptions,
  MetricProducer,
  ViewOptions,
} from '@opentelemetry/sdk-metrics';
import { IdleCollections } from './idle-collections.js';
import { CUMULATIVE, DELTA, MetricStreams } from './metric-streams.js';
import type { StreamRule } from './metric-streams.js';
import { limitOf, maxSizeOf, viewBehind } from './stream-rules.js';
import type { Instrument } from './stream-rules.js';

/** Options of `boundedReader`. */
export interface BoundedReaderOptions {
  /** Points of one metric at most, the one of the overflow included. Default: what the reader says. */
  readonly limit?: number;
  /**
   * The views of the meter provider: their own limits and bucket counts hold for what they shape. Default: none.
   */
  readonly views?: readonly ViewOptions[];
  /**
   * After so long without a collection, in ms, one is made that goes nowhere. For readers that are asked from outside:
   * of what a view shapes, the SDK keeps for each reader all that others collected, until it is asked. Default: never.
   */
  readonly idleMs?: number;
}

const OBSERVED: ReadonlySet<string> = new Set([
  'OBSERVABLE_COUNTER',
  'OBSERVABLE_GAUGE',
  'OBSERVABLE_UP_DOWN_COUNTER',
]);
/** Of an SDK that does not tell the kind of an instrument. */
const UNTOLD = 'COUNTER';
const DEFAULT_LIMIT = 2000;
/**
 * The SDK forgets its sets with each collection, so sets that have a point of their own need room beside those that
 * are new: without it a burst of new ones would push what is counted of the old ones into the overflow.
 */
const ROOM = 1.5;
/**
 * An overflow that is observed before the last of the other sets is one of the sets to the SDK; without a place more,
 * the last would be taken for the overflow.
 */
const PLACE = 1;

/**
 * `inner` with a limit of attribute sets that holds for ever. The SDK's own holds for one collection: summed up since
 * the start, each collection adds as many sets again, without end. So the SDK is asked for deltas, which it forgets,
 * and they are summed up here, where the first sets stay and later ones are one point. What is observed comes summed
 * up by those who give it, and passes as it is.
 *
 * It is one object with `inner`: register it instead, and close it instead.
 */
export function boundedReader(
  inner: IMetricReader,
  options: BoundedReaderOptions = {},
): IMetricReader {
  const { views = [] } = options;

  const limitFor = (type: InstrumentType): number =>
    options.limit ?? inner.selectCardinalityLimit?.(type) ?? DEFAULT_LIMIT;

  const isSummedUp = (type: InstrumentType): boolean =>
    !OBSERVED.has(type) && (inner.selectAggregationTemporality(type) as number) === CUMULATIVE;

  const streams = new MetricStreams((scope, metric: Instrument): StreamRule => {
    const type = (metric.type ?? UNTOLD) as InstrumentType;
    const view = viewBehind(views, scope, metric);
    return {
      limit: limitOf(view, limitFor(type)),
      maxSize: maxSizeOf(view, inner.selectAggregation(type)),
      cumulative: isSummedUp(type),
    };
  });

  const collectFrom = async (
    producer: MetricProducer,
    how?: MetricCollectOptions,
  ): Promise<CollectionResult> => {
    const began = Date.now();
    const { resourceMetrics, errors } = await producer.collect(how);
    const scopeMetrics = streams.take(resourceMetrics.scopeMetrics, hrTimeOf(began));
    return { resourceMetrics: { ...resourceMetrics, scopeMetrics }, errors };
  };
  const idle = new IdleCollections(options.idleMs);

  return {
    setMetricProducer(producer) {
      inner.setMetricProducer({
        collect(how) {
          idle.asked();
          return collectFrom(producer, how);
        },
      });
      idle.start((timeoutMillis) => collectFrom(producer, { timeoutMillis }));
    },
    selectAggregation: (type) => inner.selectAggregation(type),
    selectAggregationTemporality: (type) =>
      isSummedUp(type) ? DELTA : inner.selectAggregationTemporality(type),
    selectCardinalityLimit: (type) => {
      if (isSummedUp(type)) return Math.ceil(limitFor(type) * ROOM);
      return OBSERVED.has(type) ? limitFor(type) + PLACE : limitFor(type);
    },
    collect: (how) => inner.collect(how),
    forceFlush: (how) => inner.forceFlush(how),
    shutdown(how) {
      idle.stop();
      return inner.shutdown(how);
    },
  };
}

const hrTimeOf = (ms: number): HrTime => [Math.trunc(ms / 1000), Math.round((ms % 1000) * 1e6)];
