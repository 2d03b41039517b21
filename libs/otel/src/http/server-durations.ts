import { ValueType } from '@opentelemetry/api';
import type { Attributes, Histogram, Meter } from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_URL_SCHEME,
  METRIC_HTTP_SERVER_REQUEST_DURATION,
} from '@opentelemetry/semantic-conventions';
import { seriesOf } from '@nestlens/otlp';
import type { HistogramSeries } from '@nestlens/otlp';
import { DURATION_BOUNDARIES } from './semconv.js';
import type { RequestFacts } from './request-facts.js';

/** The end of a request. */
export interface ServerOutcome {
  /** `undefined` where no status was sent. */
  readonly status: number | undefined;
  /** `error.type`; `undefined` on success and on every 4xx. */
  readonly errorType: string | undefined;
}

/** The series of one route, by status, and where the request failed also by `error.type`. */
type RouteSeries = Map<number | string | undefined, HistogramSeries>;

/** As many as one metric has by default. */
const MOST_SERIES = 2000;

/** `http.server.request.duration`, whose series are made once and found without an object or a text. */
export class ServerDurations {
  readonly #histogram: Histogram;
  readonly #routes = new Map<RequestFacts, Map<string | undefined, RouteSeries>>();
  #kept = 0;

  constructor(meter: Meter) {
    this.#histogram = meter.createHistogram(METRIC_HTTP_SERVER_REQUEST_DURATION, {
      description: 'Duration of HTTP server requests.',
      unit: 's',
      valueType: ValueType.DOUBLE,
      advice: { explicitBucketBoundaries: [...DURATION_BOUNDARIES] },
    });
  }

  seriesOf(
    facts: RequestFacts,
    route: string | undefined,
    outcome: ServerOutcome,
  ): HistogramSeries {
    const { status, errorType } = outcome;
    const key = errorType === undefined ? status : `${status} ${errorType}`;
    return this.#routes.get(facts)?.get(route)?.get(key) ?? this.#add(facts, route, outcome, key);
  }

  #add(
    facts: RequestFacts,
    route: string | undefined,
    outcome: ServerOutcome,
    key: number | string | undefined,
  ): HistogramSeries {
    const series = seriesOf(this.#histogram, attributesOf(facts, route, outcome));
    if (this.#kept === MOST_SERIES) return series;
    this.#kept += 1;
    const routes = this.#routes.get(facts) ?? new Map<string | undefined, RouteSeries>();
    const statuses: RouteSeries = routes.get(route) ?? new Map();
    this.#routes.set(facts, routes.set(route, statuses.set(key, series)));
    return series;
  }
}

const attributesOf = (
  facts: RequestFacts,
  route: string | undefined,
  { status, errorType }: ServerOutcome,
): Attributes => ({
  [ATTR_HTTP_REQUEST_METHOD]: facts.method,
  [ATTR_URL_SCHEME]: facts.scheme,
  [ATTR_NETWORK_PROTOCOL_VERSION]: facts.protocolVersion,
  ...(status !== undefined && { [ATTR_HTTP_RESPONSE_STATUS_CODE]: status }),
  ...(route !== undefined && { [ATTR_HTTP_ROUTE]: route }),
  ...(errorType !== undefined && { [ATTR_ERROR_TYPE]: errorType }),
});
