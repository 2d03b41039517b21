import { ValueType } from '@opentelemetry/api';
import type {
  Attributes,
  Histogram,
  Meter,
  ObservableResult,
  ObservableUpDownCounter,
} from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_URL_SCHEME,
  METRIC_HTTP_SERVER_REQUEST_DURATION,
} from '@opentelemetry/semantic-conventions';
import { DURATION_BOUNDARIES, METRIC_HTTP_SERVER_ACTIVE_REQUESTS } from './semconv.js';
import type { RequestFacts, ServerRequest } from './server-request.js';

/** The end of a request. */
export interface ServerOutcome {
  /** `undefined` where no status was sent. */
  readonly status: number | undefined;
  /** `error.type`; `undefined` on success and on every 4xx. */
  readonly errorType: string | undefined;
}

interface Active {
  readonly attributes: Attributes;
  count: number;
}

/**
 * `http.server.request.duration` and `http.server.active_requests`. The latter is counted here and read at
 * each collection: the same data as an UpDownCounter, without its price per request.
 */
export class ServerMetrics {
  readonly #active = new Map<RequestFacts, Active>();
  readonly #meter: () => Meter;
  #duration: Histogram | undefined;
  #gauge: ObservableUpDownCounter | undefined;

  constructor(meter: () => Meter) {
    this.#meter = meter;
  }

  began(facts: RequestFacts): void {
    if (this.#duration === undefined) this.#create();
    const active = this.#active.get(facts);
    if (active !== undefined) active.count++;
    else {
      this.#active.set(facts, {
        attributes: {
          [ATTR_HTTP_REQUEST_METHOD]: facts.method,
          [ATTR_URL_SCHEME]: facts.scheme,
        },
        count: 1,
      });
    }
  }

  /** Exemplars find the span through the request's own context. */
  ended(request: ServerRequest, seconds: number, outcome: ServerOutcome): void {
    const { facts } = request;
    const active = this.#active.get(facts);
    if (active !== undefined) active.count--;
    const attributes: Attributes = {
      [ATTR_HTTP_REQUEST_METHOD]: facts.method,
      [ATTR_URL_SCHEME]: facts.scheme,
      [ATTR_NETWORK_PROTOCOL_VERSION]: facts.protocolVersion,
    };
    if (outcome.status !== undefined) attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = outcome.status;
    if (request.route !== undefined) attributes[ATTR_HTTP_ROUTE] = request.route;
    if (outcome.errorType !== undefined) attributes[ATTR_ERROR_TYPE] = outcome.errorType;
    this.#duration?.record(seconds, attributes, request.context);
  }

  disable(): void {
    this.#gauge?.removeCallback(this.#observe);
  }

  #create(): void {
    const meter = this.#meter();
    this.#duration = meter.createHistogram(METRIC_HTTP_SERVER_REQUEST_DURATION, {
      description: 'Duration of HTTP server requests.',
      unit: 's',
      valueType: ValueType.DOUBLE,
      advice: { explicitBucketBoundaries: [...DURATION_BOUNDARIES] },
    });
    this.#gauge = meter.createObservableUpDownCounter(METRIC_HTTP_SERVER_ACTIVE_REQUESTS, {
      description: 'Number of active HTTP server requests.',
      unit: '{request}',
      valueType: ValueType.INT,
    });
    this.#gauge.addCallback(this.#observe);
  }

  readonly #observe = (result: ObservableResult): void => {
    const totals = new Map<string, Active>();
    for (const { attributes, count } of this.#active.values()) {
      const key = `${String(attributes[ATTR_HTTP_REQUEST_METHOD])} ${String(attributes[ATTR_URL_SCHEME])}`;
      const total = totals.get(key);
      if (total === undefined) totals.set(key, { attributes, count });
      else total.count += count;
    }
    for (const { attributes, count } of totals.values()) result.observe(count, attributes);
  };
}
