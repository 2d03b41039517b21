import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { Arrivals } from './arrivals.js';
import type { WaitOptions, Wanted } from './arrivals.js';
import { OnDemandReader } from './on-demand-reader.js';
import type { RecordedMetric } from './on-demand-reader.js';
import { formatSpanTree } from './span-tree-format.js';
import { TestTelemetry } from './test-telemetry.js';

/** Bit 0 of the trace flags: sampled. Source: W3C Trace Context, section 3.2.2.5. */
const SAMPLED = 1;

/** Processors and a reader that keep their telemetry in memory. Each belongs to one provider of its signal. */
export class MemoryTelemetry extends TestTelemetry {
  readonly spanProcessor: SpanProcessor;
  readonly logRecordProcessor: LogRecordProcessor;
  readonly metricReader: OnDemandReader;
  readonly #spans = new Arrivals<ReadableSpan>('finished spans', (all) =>
    all.length === 0 ? '' : formatSpanTree(all),
  );
  readonly #records = new Arrivals<ReadableLogRecord>('log records', formatRecords);

  constructor(temporality: 'delta' | 'cumulative') {
    super();
    const rest = { forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() };
    this.spanProcessor = {
      ...rest,
      onStart: () => {},
      onEnd: (span) => {
        if ((span.spanContext().traceFlags & SAMPLED) !== 0) this.#spans.add(span);
      },
    };
    this.logRecordProcessor = { ...rest, onEmit: (record) => this.#records.add(record) };
    this.metricReader = new OnDemandReader(temporality);
  }

  finishedSpans(): readonly ReadableSpan[] {
    return this.#spans.all();
  }

  logRecords(): readonly ReadableLogRecord[] {
    return this.#records.all();
  }

  collectMetrics(): Promise<readonly RecordedMetric[]> {
    return this.metricReader.metrics();
  }

  waitForSpans(
    wanted: Wanted<ReadableSpan>,
    options?: WaitOptions,
  ): Promise<readonly ReadableSpan[]> {
    return this.#spans.wait(wanted, options);
  }

  waitForLogRecords(
    wanted: Wanted<ReadableLogRecord>,
    options?: WaitOptions,
  ): Promise<readonly ReadableLogRecord[]> {
    return this.#records.wait(wanted, options);
  }

  // oxlint-disable-next-line typescript/class-methods-use-this
  untraced<T>(run: () => T): T {
    return context.with(suppressTracing(context.active()), run);
  }

  async reset(): Promise<void> {
    this.#spans.clear();
    this.#records.clear();
    await this.metricReader.metrics();
  }
}

const formatRecords = (records: readonly ReadableLogRecord[]): string =>
  records
    .map((record) => `${record.severityText ?? '-'} ${JSON.stringify(record.body)}`)
    .join('\n');
