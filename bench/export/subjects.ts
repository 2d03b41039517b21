import { setImmediate, setTimeout } from 'node:timers/promises';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import type { SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import { createPipeline } from '../../libs/otlp/dist/entry.js';

/** `own`: `ours`, with spans of our own tracer where the trial makes the spans. */
export type SubjectName = 'official' | 'ours' | 'own' | 'inline' | 'noop';
export type Compression = 'identity' | 'gzip' | 'zstd';

export interface SubjectOptions {
  readonly name: SubjectName;
  readonly endpoint: string;
  readonly compression: Compression;
  /** Writes a CPU profile of our worker too. */
  readonly profile: boolean;
}

/** One way from span to collector, as a trial uses it. */
export interface Subject {
  readonly processor: SpanProcessor;
  /** Our own tracer makes the spans, else the stock tracer. */
  readonly hasOwnTracer?: boolean;
  /** Returns how many more spans it takes without dropping one, after it was given `fed` spans. */
  room(fed: number): number;
  /** Resolves when there may be more room. */
  changed(): Promise<unknown>;
  /** Resolves when each of its spans is acknowledged or lost. */
  settled(): Promise<void>;
  accepted(): number;
  shutdown(): Promise<unknown>;
}

/** The default of `BatchSpanProcessor`. */
const OFFICIAL_QUEUE = 2048;
/** One of our spans takes at least this much. Four slabs stay free, so that rounding never drops a span. */
const SPAN_BYTES = 640;
const SPARE_SLABS = 4;
const TURNS = 1000;

export function createSubject(options: SubjectOptions): Subject {
  switch (options.name) {
    case 'official':
      return official(options);
    case 'noop':
      return noop();
    default:
      return ours(options);
  }
}

/** Exporter and processor have their defaults: a queue of 2,048, batches of 512, one in flight. */
function official({ endpoint, compression }: SubjectOptions): Subject {
  const exporter = new OTLPTraceExporter({
    url: endpoint,
    compression: compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
  });
  const told = { handed: 0, accepted: 0, lost: 0 };
  const wake: (() => void)[] = [];
  const changed = (): Promise<void> => new Promise((resolve) => void wake.push(resolve));
  const counted: SpanExporter = {
    export(spans, done) {
      told.handed += spans.length;
      exporter.export(spans, (result) => {
        told[result.code === ExportResultCode.SUCCESS ? 'accepted' : 'lost'] += spans.length;
        done(result);
        for (const resolve of wake.splice(0)) resolve();
      });
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
  const processor = new BatchSpanProcessor({ exporter: counted });
  return {
    processor,
    room: (fed) => OFFICIAL_QUEUE - (fed - told.handed),
    changed,
    async settled() {
      await processor.forceFlush();
      while (told.accepted + told.lost < told.handed) await changed();
    },
    accepted: () => told.accepted,
    shutdown: () => processor.shutdown(),
  };
}

/** The pipeline has its defaults too: 32 MiB and a worker. */
function ours({ name, endpoint, compression, profile }: SubjectOptions): Subject {
  const pipeline = createPipeline({
    traces: { endpoint, compression },
    worker: name !== 'inline' && (profile ? { execArgv: ['--cpu-prof'] } : true),
    flushTimeoutMs: 60_000,
    shutdownTimeoutMs: profile ? 5000 : 1000,
  });
  pipeline.start();
  const { spanProcessor } = pipeline;
  if (spanProcessor === undefined) throw new Error('no span processor');
  const queued = (): number => pipeline.stats().ledger.traces.queued;
  return {
    processor: spanProcessor,
    hasOwnTracer: name === 'own',
    room() {
      const { slabs } = pipeline.stats();
      return ((slabs.count - slabs.used - SPARE_SLABS) * 256 * 1024) / SPAN_BYTES;
    },
    changed: () => setTimeout(1),
    async settled() {
      const { kind } = await pipeline.flush();
      if (kind !== 'done') throw new Error('the flush took more than a minute');
      // The ledger learns of it from the worker, perhaps one turn later.
      for (let turn = 0; turn < TURNS && queued() > 0; turn += 1) await setImmediate();
    },
    accepted: () => pipeline.stats().ledger.traces.accepted,
    shutdown: () => pipeline.shutdown(),
  };
}

/** Does nothing, so its figures are those of the trial itself. */
function noop(): Subject {
  let ended = 0;
  return {
    processor: {
      onStart: () => {},
      onEnd: () => void (ended += 1),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    },
    room: () => OFFICIAL_QUEUE,
    changed: () => setImmediate(),
    settled: () => Promise.resolve(),
    accepted: () => ended,
    shutdown: () => Promise.resolve(),
  };
}
