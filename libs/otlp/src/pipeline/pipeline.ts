import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import type { LedgerSnapshot } from '../ledger/ledger.js';
import type { Outcome } from '../send/outcome.js';
import type { ItemCounts } from '../send/item-counts.js';
import type { SpoolStats } from '../spool/counts.js';
import type { Signal } from '../wire/model.js';
import type { ExporterState } from './worker-messages.js';

/**
 * `deadline`: what is not settled is still being sent. `unreachable`: so is it here, but it was not waited for, since the
 * collector never answered in this process and refuses connections now.
 */
export type FlushResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'deadline' | 'unreachable'; readonly pending: ItemCounts };

/** The result of a shutdown. */
export interface ShutdownReport {
  /** `deadline`: what was left was given up, and is in the ledger as dropped or spooled. */
  readonly kind: 'done' | 'deadline';
  readonly durationMs: number;
  readonly ledger: LedgerSnapshot;
}

/** Counts and states of a pipeline at one moment. */
export interface PipelineStats {
  readonly ledger: LedgerSnapshot;
  readonly slabs: { readonly used: number; readonly count: number; readonly bytes: number };
  /**
   * `worker` too while its thread waits for the first item. `none` too while none can be started, such as where a TLS file is gone: tried again after 1 to 30 s.
   */
  readonly runner: 'none' | 'worker' | 'inline';
  /** Sampled spans that have begun and not ended. */
  readonly liveSpans: number;
  /** Workers that ended by themselves, or could not be started. */
  readonly replaced: number;
  /** One for each collector, as the worker told last, at most a second ago. */
  readonly exporters: readonly ExporterState[];
  /** As the worker told last; undefined without a spool. */
  readonly spool: SpoolStats | undefined;
  /** The outcome of the last operation of each signal; `at` in ms since 1970. */
  readonly last: Readonly<
    Partial<Record<Signal, { readonly at: number; readonly outcome: Outcome }>>
  >;
}

/** The way from the SDK's components to the collector. `start`, `flush` and `shutdown` never reject. */
export interface Pipeline {
  /** Undefined for a signal without a destination. */
  readonly spanProcessor: SpanProcessor | undefined;
  readonly logRecordProcessor: LogRecordProcessor | undefined;
  readonly metricExporter: PushMetricExporter | undefined;
  /** Begins to send. What ends before is kept. Safe twice; without effect after `shutdown`. */
  start(): void;
  /**
   * Resolves when everything that ended before the call is settled, or when `signal` aborts (default: 5 s). Sooner where one
   * more attempt finds nobody at a collector that never answered in this process: nothing is to be expected of it.
   */
  flush(signal?: AbortSignal): Promise<FlushResult>;
  /** Nothing is taken any more. Resolves when all is settled and closed, soon after `signal` aborts. One promise. */
  shutdown(signal?: AbortSignal): Promise<ShutdownReport>;
  /**
   * Writes all items in memory to the spool before it returns, for a process that is about to end. False without a
   * spool, with nothing to write, and where the disk refuses.
   */
  save(): boolean;
  /**
   * For the `exit` event of the process, where nothing runs later: a worker sends queued items while this call waits,
   * for `timeoutMs` at most (default: `exitTimeoutMs`); the rest goes to the spool, or is counted as dropped. Nothing is
   * taken any more. Never throws; safe twice; without effect after `shutdown`.
   */
  exit(timeoutMs?: number): LedgerSnapshot;
  /** A snapshot. Throws nothing, also before `start` and after `shutdown`. */
  stats(): PipelineStats;
}
