import type { Attributes, Counter, Histogram, Meter, UpDownCounter } from '@opentelemetry/api';
import type { Operation } from '../layers/observe.js';
import type { Outcome } from '../send/outcome.js';
import type { Protocol, Signal } from '../wire/model.js';
import { GRPC_CODES } from '../wire/status-codes.js';
import type { SelfMetricsLevel } from './observing.js';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_STATUS,
  ATTR_RPC_STATUS,
  ITEM,
  METRIC_OPERATION_DURATION,
} from './semconv.js';
import { nextComponent, serverAttributes } from './attributes.js';
import type { Server } from './attributes.js';

interface ExporterDestination extends Server {
  readonly protocol: Protocol;
}

/** An `OperationListener` for the observe layer, or for the operations that a worker reports. */
interface ExporterMetrics {
  started(batch: { readonly signal: Signal; readonly items: number }): void;
  ended(operation: Operation): void;
  /** The worker that had batches in flight is gone: none of them will end. */
  abandoned(): void;
}

/**
 * `otel.sdk.exporter.{span,log,metric_data_point}.exported`, and at the level `detailed` `.inflight` and
 * `otel.sdk.exporter.operation.duration`, for each operation: from the hand-over to the end of the last retry. Undefined without a meter: `metrics?.ended(...)` is
 * all that is paid then. The instruments of a signal are made with its first operation.
 * Source: semantic conventions, "OpenTelemetry SDK metrics".
 */
export function exporterMetrics(
  meter: Meter | undefined,
  destination: ExporterDestination,
  level: SelfMetricsLevel,
): ExporterMetrics | undefined {
  if (meter === undefined) return undefined;
  const made = new Map<Signal, SignalExport>();
  const of: (signal: Signal) => SignalExport = (signal) => {
    let metrics = made.get(signal);
    if (metrics === undefined) {
      metrics = new SignalExport(meter, signal, destination, level === 'detailed');
      made.set(signal, metrics);
    }
    return metrics;
  };
  return {
    started: ({ signal, items }) => of(signal).started(items),
    ended: (operation) => of(operation.signal).ended(operation),
    abandoned() {
      for (const metrics of made.values()) metrics.abandoned();
    },
  };
}

const PROTOCOL = { grpc: 'grpc', 'http/protobuf': 'http', 'http/json': 'http_json' } as const;

class SignalExport {
  readonly #attributes: Attributes;
  readonly #grpc: boolean;
  readonly #exported: Counter;
  readonly #inflight: UpDownCounter | undefined;
  readonly #duration: Histogram | undefined;
  #underWay = 0;

  constructor(meter: Meter, signal: Signal, destination: ExporterDestination, isDetailed: boolean) {
    const { protocol } = destination;
    const { noun, unit, kind } = ITEM[signal];
    this.#grpc = protocol === 'grpc';
    this.#attributes = {
      ...nextComponent(`otlp_${PROTOCOL[protocol]}_${kind}_exporter`),
      ...serverAttributes(destination),
    };
    this.#exported = meter.createCounter(`otel.sdk.exporter.${noun}.exported`, { unit });
    if (!isDetailed) return;
    this.#inflight = meter.createUpDownCounter(`otel.sdk.exporter.${noun}.inflight`, { unit });
    this.#duration = meter.createHistogram(METRIC_OPERATION_DURATION, {
      unit: 's',
      advice: { explicitBucketBoundaries: [] },
    });
  }

  started(items: number): void {
    this.#underWay += items;
    this.#inflight?.add(items, this.#attributes);
  }

  abandoned(): void {
    this.#land(this.#underWay);
  }

  ended({ items, durationMs, outcome }: Operation): void {
    const failed = failedItems(outcome, items);
    const error = errorType(outcome);
    const attributes =
      error === undefined ? this.#attributes : { ...this.#attributes, [ATTR_ERROR_TYPE]: error };
    this.#land(items);
    if (failed < items) this.#exported.add(items - failed, this.#attributes);
    if (failed > 0) this.#exported.add(failed, attributes);
    this.#duration?.record(durationMs / 1000, { ...attributes, ...this.#status(outcome) });
  }

  /** At most the items in flight: a dropped operation may still be reported as ended later. */
  #land(items: number): void {
    const landed = Math.min(items, this.#underWay);
    if (landed === 0) return;
    this.#underWay -= landed;
    this.#inflight?.add(-landed, this.#attributes);
  }

  #status(outcome: Outcome): Attributes {
    const taken = outcome.kind === 'accepted' || outcome.kind === 'partial';
    const reason = taken ? '' : outcome.reason;
    if (!this.#grpc) {
      const status = taken ? 200 : Number(/^\d{3}$/.exec(reason)?.[0]);
      return status > 0 ? { [ATTR_HTTP_STATUS]: status } : {};
    }
    if (taken) return { [ATTR_RPC_STATUS]: 'OK' };
    return CODES.has(reason) ? { [ATTR_RPC_STATUS]: reason } : {};
  }
}

function failedItems(outcome: Outcome, items: number): number {
  if (outcome.kind === 'accepted') return 0;
  if (outcome.kind !== 'partial') return items;
  return Math.min(items, Math.max(0, Math.trunc(outcome.rejected) || 0));
}

/** The collector's words for a partial rejection are its own and many. */
function errorType(outcome: Outcome): string | undefined {
  if (outcome.kind === 'accepted') return undefined;
  if (outcome.kind === 'partial') return outcome.rejected > 0 ? 'rejected' : undefined;
  return outcome.reason;
}

const CODES: ReadonlySet<string> = new Set(GRPC_CODES);
