import { strict as assert } from 'node:assert';
import type { EngineStatus, ExportEngine, Signal } from '@nestlens/otel';
import { ROOT_CONTEXT, SeverityNumber, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { Sampler } from '@opentelemetry/sdk-trace';

/** Connects an engine to the SDK's providers, and counts the telemetry that is created through it. */
export class EngineBench {
  readonly engine: ExportEngine;
  readonly #tracerProvider: TracerProvider;
  readonly #loggerProvider: LoggerProvider;
  readonly #meterProvider: MeterProvider;
  #spans = 0;
  #records = 0;

  constructor(engine: ExportEngine, sampler?: Sampler) {
    const { spanProcessor, logRecordProcessor, metricReader } = engine;
    const resource = resourceFromAttributes({ 'service.name': 'contract' });
    this.engine = engine;
    this.#tracerProvider = new TracerProvider({
      resource,
      spanProcessors: spanProcessor === undefined ? [] : [spanProcessor],
      ...(sampler === undefined ? {} : { sampler }),
    });
    this.#loggerProvider = new LoggerProvider({
      resource,
      processors: logRecordProcessor === undefined ? [] : [logRecordProcessor],
    });
    this.#meterProvider = new MeterProvider({
      resource,
      readers: metricReader === undefined ? [] : [metricReader],
    });
  }

  /** Ends a root and a chain of children below it. Returns their ids, the root first. */
  endSpans(count: number): string[] {
    const tracer = this.#tracerProvider.getTracer('contract', '1');
    const ids: string[] = [];
    let parent = ROOT_CONTEXT;
    for (let at = 0; at < count; at++) {
      const span = tracer.startSpan(
        `span ${at}`,
        { attributes: { at, odd: at % 2 === 1 } },
        parent,
      );
      parent = trace.setSpan(parent, span);
      const { traceId, spanId } = span.spanContext();
      ids.push(`${traceId}:${spanId}`);
      span.end();
    }
    this.#spans += count;
    return ids;
  }

  /** Emits log records within a span that is not ended. Returns their bodies. */
  emitLogs(count: number): { bodies: string[]; spanId: string } {
    const span = this.#tracerProvider.getTracer('contract').startSpan('of the logs');
    const logger = this.#loggerProvider.getLogger('contract', '1');
    const bodies = Array.from({ length: count }, (_, at) => `record ${at}`);
    for (const body of bodies) {
      logger.emit({
        body,
        severityNumber: SeverityNumber.WARN,
        context: trace.setSpan(ROOT_CONTEXT, span),
      });
    }
    this.#records += count;
    return { bodies, spanId: span.spanContext().spanId };
  }

  count(times: number): void {
    const counter = this.#meterProvider.getMeter('contract', '1').createCounter('contract.calls');
    for (let at = 0; at < times; at++) counter.add(1, { method: 'GET' });
  }

  /** The engine's ledger has the outcome, so a rejection adds nothing. */
  async flush(signal: Signal): Promise<void> {
    const part = {
      traces: this.engine.spanProcessor,
      logs: this.engine.logRecordProcessor,
      metrics: this.engine.metricReader,
    }[signal];
    await Promise.allSettled([part?.forceFlush()]);
  }

  async shutdown(): Promise<void> {
    const { spanProcessor, logRecordProcessor, metricReader } = this.engine;
    await Promise.allSettled([
      spanProcessor?.shutdown(),
      logRecordProcessor?.shutdown(),
      metricReader?.shutdown(),
    ]);
  }

  /** Checks created = accepted + rejected + dropped + queued + spooled for everything created here. */
  assertAddsUp(): EngineStatus {
    const status = this.engine.status();
    for (const [signal, created] of [
      ['traces', this.#spans],
      ['logs', this.#records],
    ] as const) {
      const { accepted, rejected, dropped, queued, spooled } = status[signal];
      const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
      assert.equal(
        accepted + rejected + lost + queued + spooled,
        created,
        `${signal}: ${created} created, but ${JSON.stringify(status[signal])}`,
      );
    }
    return status;
  }
}
