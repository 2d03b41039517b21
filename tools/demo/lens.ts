export const SIGNALS = ['traces', 'metrics', 'logs'] as const;
export type Signal = (typeof SIGNALS)[number];

/** Numbers of spans, metric points and log records of one service. */
export type Received = Readonly<Record<Signal, number>>;

export interface TraceSpan {
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly depth: number;
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly durationMs: number;
  readonly status: { readonly code: string; readonly message: string };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly name: string }[];
}

export interface Trace {
  readonly traceId: string;
  readonly services: readonly string[];
  readonly durationMs: number;
  readonly missingParents: readonly string[];
  /** Spans, parents before children, siblings by start. */
  readonly spans: readonly TraceSpan[];
}

export interface Log {
  readonly service: string;
  readonly severity: string;
  readonly body: unknown;
  readonly spanId: string;
}

export interface Series {
  readonly service: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Points, oldest first. */
  readonly points: readonly {
    readonly count?: number | string;
    readonly value?: number | string;
  }[];
}

const NOTHING: Received = { traces: 0, metrics: 0, logs: 0 };

/** Client of the lens's query API. Each method throws with the lens's message if the status is not 200. */
export class Lens {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async received(service: string): Promise<Received> {
    type Counts = Record<Signal, { received: number }>;
    interface Stats {
      services: { service: string; counts: Counts }[];
    }
    const stats = await this.#get<Stats>('/api/stats');
    const found = stats.services.find((entry) => entry.service === service);
    if (found === undefined) return NOTHING;
    const { traces, metrics, logs } = found.counts;
    return { traces: traces.received, metrics: metrics.received, logs: logs.received };
  }

  trace(traceId: string): Promise<Trace> {
    return this.#get(`/api/traces/${traceId}`);
  }

  async logs(traceId: string): Promise<readonly Log[]> {
    return (await this.#get<{ logs: Log[] }>(`/api/logs?traceId=${traceId}`)).logs;
  }

  /** Requests only the latest point of each series. */
  async metric(name: string): Promise<readonly Series[]> {
    const path = `/api/metrics/${encodeURIComponent(name)}?limit=1000&points=1`;
    return (await this.#get<{ series: Series[] }>(path)).series;
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(this.#url + path, { signal: AbortSignal.timeout(5000) });
    const body = await response.text();
    if (!response.ok) throw new Error(`the lens answers ${response.status} ${body.slice(0, 200)}`);
    return JSON.parse(body) as T;
  }
}
