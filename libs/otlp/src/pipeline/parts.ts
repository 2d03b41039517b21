import { createLogRecordEncoder, createSpanEncoder } from '../encode/item-encoder.js';
import type { EncodeLosses } from '../encode/limits.js';
import { createMetricEncoder } from '../encode/metric-encoder.js';
import type { DropReason } from '../ledger/ledger-words.js';
import type { LiveSpans } from '../ledger/live-spans.js';
import type { SlabWriter } from '../slab/slab-writer.js';
import type { Signal } from '../wire/model.js';
import { Intake } from './intake.js';
import type { Truncations } from './truncation.js';
import { createLogRecordProcessor, isErrorRecord } from './log-record-processor.js';
import { createMetricExporter } from './metric-exporter.js';
import type { Part } from './part.js';
import type { ResolvedPipelineOptions } from './pipeline-options.js';
import type { Pipeline } from './pipeline.js';
import { createSpanProcessor, isErrorSpan } from './span-processor.js';

/** The pipeline as its parts see it. */
interface PartsHost {
  readonly writer: SlabWriter;
  readonly live: LiveSpans;
  created(signal: Signal, items: number): void;
  drop(signal: Signal, reason: DropReason, items: number): void;
  offer(signal: Signal, bytes: Uint8Array, items: number): void;
  flush(): Promise<unknown>;
  shutdown(): Promise<unknown>;
}

/** What the SDK is given, one for each signal that has a destination. */
export interface Parts extends Pick<
  Pipeline,
  'spanProcessor' | 'logRecordProcessor' | 'metricExporter'
> {
  /** Resolves when nothing waits for its resource. */
  opened(): Promise<void>;
  readonly truncated: () => Truncations;
  /** Takes nothing more. */
  close(): void;
  /** Encodes what waits for its resource as it is. */
  force(): void;
}

type LiveIntake = Pick<Intake<never>, 'opened' | 'close' | 'force' | 'losses'>;

export function createParts(options: ResolvedPipelineOptions, host: PartsHost): Parts {
  const goes = new Set(options.sending.destinations.map(({ signal }) => signal));
  const inUse = new Set(goes);
  const intakes: LiveIntake[] = [];
  const losses: Partial<Record<Signal, () => EncodeLosses>> = {};

  const partOf = (signal: Signal, intake?: LiveIntake): Part => {
    if (intake !== undefined) {
      intakes.push(intake);
      losses[signal] = () => intake.losses();
    }
    return {
      async flush() {
        await host.flush();
      },
      async shutdown() {
        intake?.close();
        inUse.delete(signal);
        await (inUse.size === 0 ? host.shutdown() : host.flush());
      },
    };
  };
  const intakeOptions = (signal: Signal) => ({
    signal,
    writer: host.writer,
    separateErrors: options.dropPolicy === 'keepErrors',
    offer: (bytes: Uint8Array) => host.offer(signal, bytes, 1),
    onCreated: () => host.created(signal, 1),
    onDrop: (reason: DropReason) => host.drop(signal, reason, 1),
  });

  const createSpans = (): Parts['spanProcessor'] => {
    const createEncoder = () => createSpanEncoder(options.encode);
    const intake = new Intake({
      ...intakeOptions('traces'),
      createEncoder,
      isError: isErrorSpan,
    });
    return createSpanProcessor(intake, host.live, partOf('traces', intake));
  };
  const createLogs = (): Parts['logRecordProcessor'] => {
    const createEncoder = () => createLogRecordEncoder(options.encode);
    const intake = new Intake({
      ...intakeOptions('logs'),
      createEncoder,
      isError: isErrorRecord,
    });
    return createLogRecordProcessor(intake, partOf('logs', intake));
  };
  const createMetrics = (): Parts['metricExporter'] => {
    const encoder = createMetricEncoder(options.encode);
    losses.metrics = () => ({ ...encoder.losses });
    return createMetricExporter(
      {
        encoder,
        temporality: options.temporality,
        offer: (bytes, points) => host.offer('metrics', bytes, points),
        onCreated: (points) => host.created('metrics', points),
        onDrop: (reason, points) => host.drop('metrics', reason, points),
      },
      partOf('metrics'),
    );
  };

  return {
    spanProcessor: goes.has('traces') ? createSpans() : undefined,
    logRecordProcessor: goes.has('logs') ? createLogs() : undefined,
    metricExporter: goes.has('metrics') ? createMetrics() : undefined,
    async opened() {
      await Promise.all(intakes.map((intake) => intake.opened()));
    },
    truncated: () =>
      Object.fromEntries(Object.entries(losses).map(([signal, read]) => [signal, read()])),
    close() {
      for (const intake of intakes) intake.close();
    },
    force() {
      for (const intake of intakes) intake.force();
    },
  };
}
