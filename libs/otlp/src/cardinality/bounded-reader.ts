import type {
  CollectionResult,
  IMetricReader,
  InstrumentType,
  MetricCollectOptions,
  MetricProducer,
  ViewOptions,
} from '@opentelemetry/sdk-metrics';
import { hrTimeOf } from './collection-time.js';
import { IdleCollections } from './idle-collections.js';
import { CUMULATIVE, DELTA, MetricStreams } from './metric-streams.js';
import type { StreamRule } from './metric-streams.js';
import { limitOf, maxSizeOf, viewBehind } from './stream-rules.js';
import type { Instrument } from './stream-rules.js';

/** Options of `boundedReader`. */
export interface BoundedReaderOptions {
  /** The most points of one metric, including the overflow. Default: the reader's limit. */
  readonly limit?: number;
  /**
   * The views of the meter provider: their own limits and bucket counts apply to the metrics that they shape.
   * Default: none.
   */
  readonly views?: readonly ViewOptions[];
  /**
   * After this long without a collection, in ms, one is made and discarded. For readers that are collected from
   * outside: for metrics that a view shapes, the SDK keeps everything that other readers collected until this one is
   * collected. Default: never.
   */
  readonly idleMs?: number;
}

const OBSERVED: ReadonlySet<string> = new Set([
  'OBSERVABLE_COUNTER',
  'OBSERVABLE_GAUGE',
  'OBSERVABLE_UP_DOWN_COUNTER',
]);
/** For an SDK that does not show the kind of an instrument. */
const UNTOLD = 'COUNTER';
const DEFAULT_LIMIT = 2000;
/**
 * The SDK forgets its sets at each collection, so known sets need room beside new ones. Without it a burst of new
 * sets would push counts of known ones into the overflow.
 */
const ROOM = 1.5;
/**
 * The SDK counts an overflow that is observed before the last other set as one of the sets. Without one more place,
 * the last set would be taken for the overflow.
 */
const PLACE = 1;

/**
 * Wraps `inner` with a limit of attribute sets that holds for the life of the process. The SDK's own limit holds for
 * one collection: summed up since the start, each collection would add as many sets again, without end. So the SDK is
 * asked for deltas, which it forgets, and they are summed up here: the first sets keep a point each, and later sets
 * share one. Observed values are sums already, and pass unchanged.
 *
 * The result replaces `inner`: register it instead, and close it instead.
 */
export function boundedReader(
  inner: IMetricReader,
  options: BoundedReaderOptions = {},
): IMetricReader {
  const { views = [] } = options;

  function limitFor(type: InstrumentType): number {
    return options.limit ?? inner.selectCardinalityLimit?.(type) ?? DEFAULT_LIMIT;
  }

  function isSummedUp(type: InstrumentType): boolean {
    return (
      !OBSERVED.has(type) && (inner.selectAggregationTemporality(type) as number) === CUMULATIVE
    );
  }

  const streams = new MetricStreams((scope, metric: Instrument): StreamRule => {
    const type = (metric.type ?? UNTOLD) as InstrumentType;
    const view = viewBehind(views, scope, metric);
    return {
      limit: limitOf(view, limitFor(type)),
      maxSize: maxSizeOf(view, inner.selectAggregation(type)),
      cumulative: isSummedUp(type),
    };
  });

  async function collectFrom(
    producer: MetricProducer,
    how?: MetricCollectOptions,
  ): Promise<CollectionResult> {
    const began = Date.now();
    const { resourceMetrics, errors } = await producer.collect(how);
    const scopeMetrics = streams.take(resourceMetrics.scopeMetrics, hrTimeOf(began));
    return { resourceMetrics: { ...resourceMetrics, scopeMetrics }, errors };
  }
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
