import type { Protocol, Signal } from '@nestlens/otlp';
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';

/** The engine's counts of one signal. They are of items: spans, log records, data points. @internal */
export interface SignalStatus {
  readonly accepted: number;
  /** Rejected by the collector, in whole requests or as part of one. */
  readonly rejected: number;
  /** Dropped here, by reason, such as `queue_full` or `export_failed`. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Ended and not yet settled. */
  readonly queued: number;
  /** Kept on disk for later. 0 for an engine without a disk. */
  readonly spooled: number;
  /** Sent again although the collector may have them; each is counted above once. 0 where the engine cannot tell. */
  readonly possibleDuplicates: number;
  readonly last:
    | { readonly outcome: 'none' }
    | { readonly outcome: 'accepted'; readonly at: number }
    | { readonly outcome: 'failed'; readonly at: number; readonly reason: string };
}

/** The engine's counts of all signals. @internal */
export type EngineStatus = Readonly<Record<Signal, SignalStatus>>;

/** The destination of an export as it may be shown, without credentials. */
export interface Destination {
  readonly signal: Signal;
  readonly protocol: Protocol;
  /** URL without user information and query. */
  readonly url: string;
  /** The proxy that it is reached through, likewise; undefined for none. */
  readonly proxy?: string;
}

/** Injection token of the running {@link ExportEngine}. */
export const OTEL_ENGINE = Symbol('nestlens.otel.engine');

/**
 * An engine carries telemetry from the SDK to the collector. There is one seam for several engines; every engine passes
 * the same contract suite. Parts are made once; a signal that is off has none.
 *
 * @internal
 */
export interface ExportEngine {
  readonly name: string;
  readonly destinations: readonly Destination[];
  readonly spanProcessor: SpanProcessor | undefined;
  readonly logRecordProcessor: LogRecordProcessor | undefined;
  readonly metricReader: IMetricReader | undefined;
  status(): EngineStatus;
  /** Resolves when all that ended before is settled, or soon after `signal` aborts. Never rejects. */
  flush(signal: AbortSignal): Promise<void>;
  /**
   * Has `read`, which does not reject, flush or shut down `metricReader`, and waits for what that sends no longer than
   * until `signal` aborts: the SDK tells exporters no deadline, and who waits keeps the process alive.
   */
  readUntil?(signal: AbortSignal, read: () => Promise<void>): Promise<void>;
  /** Sampled spans that have begun and not ended. */
  liveSpans(): number;
  /** True if `exit` can send telemetry. */
  sendsAtExit(): boolean;
  /**
   * For the `exit` event of the process: sends queued telemetry for at most `timeoutMs` while the calling thread stands
   * still, and keeps or counts the rest. Never throws; without effect after `shutdown`.
   */
  exit(timeoutMs: number): void;
  /**
   * Closes the processors and whatever stands behind all parts. Items that are not settled when `signal` aborts are
   * dropped and counted, or kept on disk. The metric reader is its provider's to shut down, before. Never rejects; safe twice.
   */
  shutdown(signal: AbortSignal): Promise<void>;
}
