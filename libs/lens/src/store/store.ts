import type { ExportReply } from '@nestlens/otlp/receiver';
import type {
  ExportRequest,
  LogRecord,
  Metric,
  ResourceGroup,
  Signal,
  Span,
} from '@nestlens/otlp/wire';
import { Admission } from '../admission/admission.js';
import type { AdmissionLimits } from '../admission/limits.js';
import type { MetricPoint } from '../admission/metric-point.js';
import type { Refusal } from '../admission/refusal.js';
import { RequestCounts } from '../admission/request-counts.js';
import type { CountsBySignal } from './counts.js';
import { SourceFinder, type ItemSource } from './source-finder.js';
import { LogStore, type StoredLogRecord } from './log-store.js';
import { MetricStore } from './metric-store.js';
import type { Series } from './series.js';
import { ServiceTable, type Service } from './service.js';
import type { Trace } from './trace.js';
import { TraceStore } from './trace-store.js';

export interface StoreOptions {
  /** Bytes for all signals together, as estimated per item: 5/8 traces, 2/8 logs, 1/8 metrics. */
  readonly maxBytes: number;
  readonly maxSpansPerTrace: number;
  readonly maxPointsPerSeries: number;
  readonly limits: AdmissionLimits;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The part of `maxBytes` that each signal has for itself. An unused part is not lent to others. */
export const shares: Readonly<Record<Signal, number>> = Object.freeze({
  traces: 5 / 8,
  logs: 2 / 8,
  metrics: 1 / 8,
});

const MAX_SERVICES = 256;

/** What the store holds of one signal: its items, and its bytes and their maximum. */
export interface SignalStats {
  readonly held: number;
  readonly bytes: number;
  readonly maxBytes: number;
}

/** The contents of the store, and the counts of all received items. */
export interface StoreStats {
  /** All services together. */
  readonly counts: CountsBySignal;
  readonly services: readonly { readonly service: string; readonly counts: CountsBySignal }[];
  readonly bytes: number;
  readonly maxBytes: number;
  readonly traces: SignalStats & {
    readonly evicted: number;
    readonly lastEvictedMs: number | undefined;
  };
  readonly logRecords: SignalStats;
  readonly series: SignalStats;
}

/** The telemetry of the lens, within a fixed number of bytes. */
export class LensStore {
  readonly traces: TraceStore;
  readonly logs: LogStore;
  readonly metrics: MetricStore;
  readonly services: ServiceTable;
  readonly #admission: Admission;
  readonly #finder: SourceFinder;
  readonly #maxBytes: number;
  readonly #now: () => number;
  readonly #seriesBytes: (metric: Metric, point: MetricPoint) => number;

  constructor({ maxBytes, maxSpansPerTrace, maxPointsPerSeries, limits, now }: StoreOptions) {
    function part(signal: Signal) {
      return Math.floor(maxBytes * shares[signal]);
    }
    this.#maxBytes = maxBytes;
    this.#now = now;
    this.#admission = new Admission(limits);
    this.#seriesBytes = (metric, point) => this.#admission.series(metric, point);
    this.traces = new TraceStore({ maxBytes: part('traces'), maxSpansPerTrace });
    this.logs = new LogStore(part('logs'));
    this.metrics = new MetricStore({ maxBytes: part('metrics'), maxPointsPerSeries });
    this.services = new ServiceTable(MAX_SERVICES, (service) => this.#forget(service));
    this.#finder = new SourceFinder(this.#admission, this.services);
  }

  /** Admits and stores one request. The reply counts rejected items. Never throws because of its data. */
  ingest(request: ExportRequest): ExportReply {
    const requestCounts = new RequestCounts();
    const nowMs = this.#now();
    switch (request.signal) {
      case 'traces':
        for (const group of request.groups) this.#spans(group, requestCounts, nowMs);
        break;
      case 'logs':
        for (const group of request.groups) this.#logRecords(group, requestCounts, nowMs);
        break;
      case 'metrics':
        for (const group of request.groups) this.#metrics(group, requestCounts, nowMs);
    }
    return requestCounts.reply();
  }

  /** Counts and sizes at one moment. */
  stats(): StoreStats {
    const { traces, logs, metrics } = this;
    return {
      counts: this.services.total(),
      services: [...this.services].map(({ name, counts }) => ({ service: name, counts })),
      bytes: traces.shelf.bytes + logs.shelf.bytes + metrics.shelf.bytes,
      maxBytes: this.#maxBytes,
      traces: {
        ...signalStats(traces.shelf),
        evicted: traces.evictedTraces,
        lastEvictedMs: traces.lastEvictedMs,
      },
      logRecords: signalStats(logs.shelf),
      series: signalStats(metrics.shelf),
    };
  }

  /** Empties the store. Counts stay, and tell how many items were cleared. */
  clear(): void {
    this.traces.clear();
    this.logs.clear();
    this.metrics.clear();
    for (const service of this.services) service.clear();
  }

  #spans(group: ResourceGroup<Span>, requestCounts: RequestCounts, nowMs: number): void {
    const { traces } = this;
    const { traceFull } = this.#admission.refusals;
    for (const { source, items } of this.#finder.sources(group, traces.sources, nowMs)) {
      const { counts } = source.service;
      const received = items.length;
      requestCounts.receive(received);
      counts.traces.received += received;
      source.run.spans += received;
      if (source.refusal !== undefined) {
        refuse(source, 'traces', source.refusal, received, requestCounts);
        continue;
      }
      for (const span of items) {
        const admitted = this.#admission.span(span);
        if (typeof admitted !== 'number') {
          refuse(source, 'traces', admitted, 1, requestCounts);
          continue;
        }
        const outcome = traces.add(span, source.source, admitted, nowMs);
        if (outcome === 'full') refuse(source, 'traces', traceFull, 1, requestCounts);
        else if (outcome === 'late') counts.traces.evicted += 1;
      }
      traces.sources.settle(source.source);
    }
  }

  #logRecords(group: ResourceGroup<LogRecord>, requestCounts: RequestCounts, nowMs: number): void {
    const { logs } = this;
    for (const { source, items } of this.#finder.sources(group, logs.sources, nowMs)) {
      const received = items.length;
      requestCounts.receive(received);
      source.service.counts.logs.received += received;
      source.run.logRecords += received;
      if (source.refusal !== undefined) {
        refuse(source, 'logs', source.refusal, received, requestCounts);
        continue;
      }
      for (const record of items) {
        const admitted = this.#admission.logRecord(record);
        if (typeof admitted === 'number') logs.add(record, source.source, admitted, nowMs);
        else refuse(source, 'logs', admitted, 1, requestCounts);
      }
      logs.sources.settle(source.source);
    }
  }

  #metrics(group: ResourceGroup<Metric>, requestCounts: RequestCounts, nowMs: number): void {
    const { metrics } = this;
    for (const { source, items } of this.#finder.sources(group, metrics.sources, nowMs)) {
      for (const metric of items) this.#points(metric, source, requestCounts);
      if (source.refusal === undefined) metrics.sources.settle(source.source);
    }
  }

  #points(metric: Metric, source: ItemSource<Series>, requestCounts: RequestCounts): void {
    const { points } = metric.data;
    requestCounts.receive(points.length);
    source.service.counts.metrics.received += points.length;
    source.run.points += points.length;
    if (source.refusal !== undefined) {
      refuse(source, 'metrics', source.refusal, points.length, requestCounts);
      return;
    }
    for (const point of points) {
      const admitted = this.#admission.point(metric, point);
      if (typeof admitted !== 'number') refuse(source, 'metrics', admitted, 1, requestCounts);
      else this.metrics.add(metric, point, source.source, admitted, this.#seriesBytes);
    }
  }

  #forget(service: Service): void {
    this.traces.shelf.forget(service);
    this.logs.shelf.forget(service);
    this.metrics.shelf.forget(service);
  }
}

function refuse(
  { service }: ItemSource<Trace | StoredLogRecord | Series>,
  signal: Signal,
  refusal: Refusal,
  count: number,
  requestCounts: RequestCounts,
): void {
  service.counts[signal].refused += count;
  requestCounts.reject(refusal, count);
}

function signalStats(shelf: { size: number; bytes: number; maxBytes: number }): SignalStats {
  return { held: shelf.size, bytes: shelf.bytes, maxBytes: shelf.maxBytes };
}
