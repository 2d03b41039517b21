import { createLogRecordEncoder, createSpanEncoder } from '../encode/item-encoder.js';
import type { EncodeLosses } from '../encode/limits.js';
import { createMetricEncoder } from '../encode/metric-encoder.js';
import type { DropReason } from '../ledger/ledger-words.js';
import type { LiveSpans } from '../ledger/live-spans.js';
import type { SlabWriter } from '../slab/slab-writer.js';
import type { Signal } from '../wire/model.js';
import { ItemAppender } from './item-appender.js';
import type { Truncations } from './truncation.js';
import { createMetricExporter } from './metric-exporter.js';
import type { ResolvedPipelineOptions } from './pipeline-options.js';
import type { Pipeline } from './pipeline.js';
import {
  createLogRecordProcessor,
  createSpanProcessor,
  isErrorRecord,
  isErrorSpan,
  type SignalLifecycle,
} from './processors.js';

/** The pipeline, as the components see it. */
interface ComponentContext {
  readonly writer: SlabWriter;
  readonly live: LiveSpans;
  created(signal: Signal, items: number): void;
  drop(signal: Signal, reason: DropReason, items: number): void;
  offer(signal: Signal, bytes: Uint8Array, items: number): void;
  flush(): Promise<unknown>;
  shutdown(): Promise<unknown>;
}

/** The components that the SDK is given, one for each signal that has a destination. */
export interface SdkComponents extends Pick<
  Pipeline,
  'spanProcessor' | 'logRecordProcessor' | 'metricExporter'
> {
  /** Resolves when nothing waits for its resource. */
  opened(): Promise<void>;
  readonly truncated: () => Truncations;
  /** Takes nothing more. */
  close(): void;
  /** Encodes items that wait for their resource as they are. */
  force(): void;
}

type LiveAppender = Pick<ItemAppender<never>, 'opened' | 'close' | 'force' | 'losses'>;

export function createSdkComponents(
  options: ResolvedPipelineOptions,
  context: ComponentContext,
): SdkComponents {
  const goes = new Set(options.sending.destinations.map(({ signal }) => signal));
  const inUse = new Set(goes);
  const appenders: LiveAppender[] = [];
  const losses: Partial<Record<Signal, () => EncodeLosses>> = {};

  function lifecycleOf(signal: Signal, appender?: LiveAppender): SignalLifecycle {
    if (appender !== undefined) {
      appenders.push(appender);
      losses[signal] = () => appender.losses();
    }
    return {
      async flush() {
        await context.flush();
      },
      async shutdown() {
        appender?.close();
        inUse.delete(signal);
        await (inUse.size === 0 ? context.shutdown() : context.flush());
      },
    };
  }
  function intakeOptions(signal: Signal) {
    return {
      signal,
      writer: context.writer,
      separateErrors: options.dropPolicy === 'keepErrors',
      offer: (bytes: Uint8Array) => context.offer(signal, bytes, 1),
      onCreated: () => context.created(signal, 1),
      onDrop: (reason: DropReason) => context.drop(signal, reason, 1),
    };
  }

  function createSpans(): SdkComponents['spanProcessor'] {
    function createEncoder() {
      return createSpanEncoder(options.encode);
    }
    const appender = new ItemAppender({
      ...intakeOptions('traces'),
      createEncoder,
      isError: isErrorSpan,
    });
    return createSpanProcessor(appender, context.live, lifecycleOf('traces', appender));
  }
  function createLogs(): SdkComponents['logRecordProcessor'] {
    function createEncoder() {
      return createLogRecordEncoder(options.encode);
    }
    const appender = new ItemAppender({
      ...intakeOptions('logs'),
      createEncoder,
      isError: isErrorRecord,
    });
    return createLogRecordProcessor(appender, lifecycleOf('logs', appender));
  }
  function createMetrics(): SdkComponents['metricExporter'] {
    const encoder = createMetricEncoder(options.encode);
    losses.metrics = () => ({ ...encoder.losses });
    return createMetricExporter(
      {
        encoder,
        temporality: options.temporality,
        offer: (bytes, points) => context.offer('metrics', bytes, points),
        onCreated: (points) => context.created('metrics', points),
        onDrop: (reason, points) => context.drop('metrics', reason, points),
      },
      lifecycleOf('metrics'),
    );
  }

  return {
    spanProcessor: goes.has('traces') ? createSpans() : undefined,
    logRecordProcessor: goes.has('logs') ? createLogs() : undefined,
    metricExporter: goes.has('metrics') ? createMetrics() : undefined,
    async opened() {
      await Promise.all(appenders.map((appender) => appender.opened()));
    },
    truncated: () =>
      Object.fromEntries(Object.entries(losses).map(([signal, read]) => [signal, read()])),
    close() {
      for (const appender of appenders) appender.close();
    },
    force() {
      for (const appender of appenders) appender.force();
    },
  };
}
