import type { Attributes, Context, Histogram } from '@opentelemetry/api';

/** One attribute set of a histogram. A measurement of it looks nothing up and makes no object. */
export interface HistogramSeries {
  /** Records `value`. `context` is for exemplars. Default: the active context. Never throws. */
  record(value: number, context?: Context): void;
}

/** A histogram that hands out its series. */
export interface SeriesHistogram extends Histogram {
  /** The series of `attributes`, which are copied. There is one object for each call: keep it. */
  series(attributes: Attributes): HistogramSeries;
}

function hasSeries(histogram: Histogram): histogram is SeriesHistogram {
  return typeof (histogram as Partial<SeriesHistogram>).series === 'function';
}

/** The series of a histogram of anybody's: where it has none, each measurement is recorded with the attributes. */
export function seriesOf(histogram: Histogram, attributes: Attributes): HistogramSeries {
  return hasSeries(histogram)
    ? histogram.series(attributes)
    : { record: (value, context) => histogram.record(value, attributes, context) };
}
