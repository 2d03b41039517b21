import { DiagLogLevel, createNoopMeter, diag, logs, metrics, trace } from '@opentelemetry/api';
import type { MeterProvider as ApiMeterProvider } from '@opentelemetry/api';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { GlobalProviders } from './globals.js';

const memory = () => {
  const spans = new InMemorySpanExporter();
  const records = new InMemoryLogRecordExporter();
  const points = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter: points,
    exportIntervalMillis: 3.6e6,
  });
  const config = {
    spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
    logRecordProcessors: [new SimpleLogRecordProcessor({ exporter: records })],
    metricReaders: [reader],
    autoDetectResources: false,
    contextManager: null as never,
    textMapPropagator: null,
  };
  const metricNames = async (): Promise<string[]> => {
    await reader.forceFlush();
    return points
      .getMetrics()
      .flatMap((batch) => batch.scopeMetrics)
      .flatMap((scope) => scope.metrics)
      .map((metric) => metric.descriptor.name);
  };
  return { config, spans, records, metricNames };
};

const ignore = () => {};

describe('GlobalProviders', () => {
  const complaints: string[] = [];
  let globals: GlobalProviders;

  beforeEach(() => {
    complaints.length = 0;
    const complain = (message: string) => void complaints.push(message);
    diag.setLogger(
      { error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
    globals = new GlobalProviders();
  });

  afterEach(() => {
    globals.release();
    trace.disable();
    metrics.disable();
    logs.disable();
    diag.disable();
  });

  it('lets NodeSDK register, fills early handles from it, and serves the next app too', async () => {
    expect(globals.install()).toEqual({ traces: 'ours', metrics: 'ours', logs: 'ours' });
    const tracer = trace.getTracer('early');
    const logger = logs.getLogger('early');
    const counter = metrics.getMeter('early').createCounter('early.count');
    tracer.startSpan('lost').end();

    for (const round of ['first', 'second']) {
      const { config, spans, records, metricNames } = memory();
      const sdk = new NodeSDK(config);
      globals.claim();
      sdk.start();
      expect(globals.filled).toBe(false);
      expect(globals.fillFromGlobals()).toEqual({ traces: 'ours', metrics: 'ours', logs: 'ours' });
      expect(globals.filled).toBe(true);

      tracer.startSpan(round).end();
      trace.getTracer('late').startSpan(`${round} late`).end();
      logger.emit({ body: round });
      counter.add(1);

      expect(spans.getFinishedSpans().map((span) => span.name)).toEqual([round, `${round} late`]);
      expect(records.getFinishedLogRecords().map((record) => record.body)).toEqual([round]);
      expect(await metricNames()).toEqual(['early.count']);
      await sdk.shutdown();
      globals.release();
      expect(globals.filled).toBe(false);
      expect(tracer.startSpan('between').isRecording()).toBe(false);
    }
    expect(complaints).toEqual([]);
  });

  it('leaves a signal that another SDK registered first to it', () => {
    const foreignSpans = new InMemorySpanExporter();
    const foreign = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter: foreignSpans })],
    });
    trace.setGlobalTracerProvider(foreign);
    expect(globals.install()).toEqual({ traces: 'foreign', metrics: 'ours', logs: 'ours' });
    expect(globals.claim()).toEqual({ traces: 'foreign', metrics: 'ours', logs: 'ours' });
    metrics.setGlobalMeterProvider(new MeterProvider());
    expect(globals.fillFromGlobals()).toEqual({ traces: 'foreign', metrics: 'ours', logs: 'ours' });

    trace.getTracer('any').startSpan('theirs').end();
    expect(foreignSpans.getFinishedSpans()).toHaveLength(1);
    globals.release();
    trace.getTracer('any').startSpan('theirs again').end();
    expect(foreignSpans.getFinishedSpans()).toHaveLength(2);
    expect(complaints).toEqual([]);
  });

  it('dresses a meter provider of the SDK, and not one of somebody else', () => {
    const dress = (real: ApiMeterProvider): ApiMeterProvider => ({
      getMeter: (name) => real.getMeter(`${name} dressed`),
    });
    const asked: string[] = [];
    const real: ApiMeterProvider = {
      getMeter(name) {
        asked.push(name);
        return createNoopMeter();
      },
    };
    globals.install();
    const counter = metrics.getMeter('early').createCounter('c');
    globals.claim();
    metrics.setGlobalMeterProvider(real);
    globals.fillFromGlobals(dress);
    counter.add(1);
    globals.release();

    metrics.disable();
    metrics.setGlobalMeterProvider(real);
    globals.claim();
    globals.fillFromGlobals(dress);
    counter.add(1);
    expect(asked).toEqual(['early dressed', 'early']);
  });

  it('puts its stand-ins back where the SDK registers nothing', () => {
    globals.install();
    const logger = logs.getLogger('early');
    globals.claim();
    expect(globals.fillFromGlobals()).toEqual({ traces: 'ours', metrics: 'ours', logs: 'ours' });
    expect(globals.filled).toBe(false);
    expect(logger.enabled()).toBe(false);
  });

  it('fills from providers made by hand', () => {
    const exporter = new InMemoryLogRecordExporter();
    const loggerProvider = new LoggerProvider({
      processors: [new SimpleLogRecordProcessor({ exporter })],
    });
    globals.install();
    const logger = logs.getLogger('early');
    globals.fillWith({ loggerProvider });
    logger.emit({ body: 'hello' });
    expect(exporter.getFinishedLogRecords()).toHaveLength(1);
  });

  it('runs release listeners once, unless taken back', () => {
    const ran: string[] = [];
    globals.onRelease(() => ran.push('kept'));
    globals.onRelease(() => ran.push('taken back'))();
    globals.release();
    globals.release();
    expect(ran).toEqual(['kept']);
  });
});
