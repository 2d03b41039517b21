import { ValueType } from '@opentelemetry/api';
import type {
  Attributes,
  Meter,
  ObservableResult,
  ObservableUpDownCounter,
} from '@opentelemetry/api';
import { ATTR_HTTP_REQUEST_METHOD, ATTR_URL_SCHEME } from '@opentelemetry/semantic-conventions';
import { METRIC_HTTP_SERVER_ACTIVE_REQUESTS } from './semconv.js';
import { ServerDurations } from './server-durations.js';
import type { ServerOutcome } from './server-durations.js';
import type { RequestFacts } from './request-facts.js';
import type { ServerRequest } from './server-request.js';

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
  #durations: ServerDurations | undefined;
  #gauge: ObservableUpDownCounter | undefined;

  constructor(meter: () => Meter) {
    this.#meter = meter;
  }

  began(facts: RequestFacts): void {
    if (this.#durations === undefined) this.#create();
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
  ended({ facts, route, context }: ServerRequest, seconds: number, outcome: ServerOutcome): void {
    const active = this.#active.get(facts);
    if (active !== undefined) active.count--;
    this.#durations?.seriesOf(facts, route, outcome).record(seconds, context);
  }

  disable(): void {
    this.#gauge?.removeCallback(this.#observe);
  }

  #create(): void {
    const meter = this.#meter();
    this.#durations = new ServerDurations(meter);
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
