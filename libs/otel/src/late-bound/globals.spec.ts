import { DiagLogLevel, ROOT_CONTEXT, diag, logs, metrics, trace } from '@opentelemetry/api';
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
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { readSlot } from '../api/api-global.js';
import { contexts } from '../context/contexts.js';
import { AppTelemetry } from './app-telemetry.js';
import { GlobalProviders } from './globals.js';

const memory = () => {
  const spans = new InMemorySpanExporter();
  const records = new InMemoryLogRecordExporter();
  const points = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const reader = new PeriodicExportingMetricReader({
    exporter: points,
    exportIntervalMillis: 3.6e6,
  });
  const real = {
    tracerProvider: new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
    }),
    loggerProvider: new LoggerProvider({
      processors: [new SimpleLogRecordProcessor({ exporter: records })],
    }),
    meterProvider: new MeterProvider({ readers: [reader] }),
  };
  /** The measurements since the last call, each as `name value`. */
  const measured = async (): Promise<string[]> => {
    points.reset();
    await reader.forceFlush();
    return points
      .getMetrics()
      .flatMap((batch) => batch.scopeMetrics)
      .flatMap((scope) => scope.metrics)
      .flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ value }) => `${descriptor.name} ${JSON.stringify(value)}`),
      );
  };
  const names = (): string[] => spans.getFinishedSpans().map((span) => span.name);
  const bodies = (): unknown[] => records.getFinishedLogRecords().map((record) => record.body);
  return { real, names, bodies, measured };
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
    for (const app of globals.apps) globals.leave(app);
    trace.disable();
    metrics.disable();
    logs.disable();
    diag.disable();
  });

  it('serves tracers, loggers and meters from before the start, for this app and the next', async () => {
    const tooEarly = trace.getTracer('before the import');
    const logTooEarly = logs.getLogger('before the import');
    globals.install();
    const tracer = trace.getTracer('early');
    const logger = logs.getLogger('early');
    const counter = metrics.getMeter('early').createCounter('early.count');
    tracer.startSpan('lost').end();

    for (const round of ['first', 'second']) {
      const { real, names, bodies, measured } = memory();
      const app = new AppTelemetry();
      globals.join(app, real);
      expect(globals.appIn(ROOT_CONTEXT)).toBe(app);

      tracer.startSpan(round).end();
      trace.getTracer('late').startSpan(`${round} late`).end();
      tooEarly.startSpan(`${round} too early`).end();
      logger.emit({ body: round });
      logTooEarly.emit({ body: `${round} too early` });
      counter.add(1);

      expect(names()).toEqual([round, `${round} late`, `${round} too early`]);
      expect(bodies()).toEqual([round, `${round} too early`]);
      expect(await measured()).toEqual(['early.count 1']);
      globals.leave(app);
      expect(globals.appIn(ROOT_CONTEXT)).toBeUndefined();
      expect(tracer.startSpan('between').isRecording()).toBe(false);
    }
    expect(complaints).toEqual([]);
  });

  it('leaves a signal to an SDK that registered first, and keeps the others', () => {
    const theirs = memory();
    trace.setGlobalTracerProvider(theirs.real.tracerProvider);
    const ours = memory();
    globals.install();
    globals.join(new AppTelemetry(), ours.real);

    trace.getTracer('any').startSpan('theirs').end();
    globals.tracers.getTracer('own').startSpan('ours').end();
    logs.getLogger('any').emit({ body: 'ours' });
    expect(theirs.names()).toEqual(['theirs']);
    expect(ours.names()).toEqual(['ours']);
    expect(ours.bodies()).toEqual(['ours']);
    for (const app of globals.apps) globals.leave(app);
    trace.getTracer('any').startSpan('theirs again').end();
    expect(theirs.names()).toEqual(['theirs', 'theirs again']);
    expect(complaints).toEqual([]);
  });

  it('can be filled by hand, for a recording', () => {
    const { real, bodies } = memory();
    globals.install();
    const logger = logs.getLogger('early');
    globals.fillWith({ loggerProvider: real.loggerProvider });
    logger.emit({ body: 'hello' });
    expect(bodies()).toEqual(['hello']);
    globals.release();
    globals.release();
    expect(logger.enabled()).toBe(false);
  });

  it('runs each callback for the end of an app once, unless it was removed', () => {
    const ran: string[] = [];
    const app = new AppTelemetry();
    globals.join(app, {});
    app.onEnd(() => ran.push('kept'));
    app.onEnd(() => ran.push('taken back'))();
    globals.leave(app);
    globals.leave(app);
    expect(ran).toEqual(['kept']);
  });

  describe('with two apps', () => {
    const start = () => {
      const app = new AppTelemetry();
      const kept = memory();
      globals.join(app, kept.real);
      return { app, ...kept };
    };
    const say = (text: string, counter = globals.meters.getMeter('m').createCounter('c')): void => {
      globals.tracers.getTracer('t').startSpan(text).end();
      globals.loggers.getLogger('l').emit({ body: text });
      counter.add(1);
    };

    it('orders apps by start; starting apps come last, and the one that last continued its start is first among them', () => {
      const join = (as: 'up' | 'starting') => {
        const app = new AppTelemetry();
        const kept = memory();
        globals.join(app, kept.real, as);
        return { app, ...kept };
      };
      const [a, b] = [join('starting'), join('starting')];
      say('b starts');
      globals.goesOn(a.app);
      say('a goes on');
      globals.comesUp(b.app);
      const c = join('up');
      globals.comesUp(a.app);
      say('all are up');
      expect(globals.apps).toEqual([b.app, c.app, a.app]);
      expect(globals.up).toEqual(globals.apps);
      globals.goesOn(a.app);
      globals.leave(b.app);
      say('c is left');
      expect([a.names(), b.names(), c.names()]).toEqual([
        ['a goes on'],
        ['b starts', 'all are up'],
        ['c is left'],
      ]);
      globals.leave(a.app);
      globals.leave(c.app);
    });

    it('gives each app the telemetry from its context, and the oldest app all other telemetry', async () => {
      const a = start();
      const b = start();
      contexts.with(a.app.context, () => say('in a'));
      await contexts.with(b.app.context, async () => {
        say('in b');
        await Promise.resolve();
        say('later in b');
      });
      say('outside');
      b.app.tracers.getTracer('injected').startSpan('by b').end();

      expect(a.names()).toEqual(['in a', 'outside']);
      expect(a.bodies()).toEqual(['in a', 'outside']);
      expect(await a.measured()).toEqual(['c 2']);
      expect(b.names()).toEqual(['in b', 'later in b', 'by b']);
      expect(b.bodies()).toEqual(['in b', 'later in b']);
      expect(await b.measured()).toEqual(['c 2']);
    });

    it.each(['older', 'newer'])('serves the other app when the %s one ends', async (which) => {
      const a = start();
      const b = start();
      const counter = globals.meters.getMeter('m').createCounter('c');
      const [ended, left] = which === 'older' ? [a, b] : [b, a];
      contexts.with(ended.app.context, () => say('before', counter));
      await ended.measured();
      globals.leave(ended.app);

      expect(contexts.areOurs()).toBe(true);
      expect(readSlot('propagation')).toBe(globals.propagator);
      contexts.with(left.app.context, () => say('in the other', counter));
      // Telemetry in the context of an app that has ended goes to no other app.
      contexts.with(ended.app.context, () => say('after its end', counter));
      say('outside', counter);
      expect(left.names()).toEqual(['in the other', 'outside']);
      expect(left.bodies()).toEqual(['in the other', 'outside']);
      expect(await left.measured()).toEqual(['c 2']);
      expect(ended.names()).toEqual(['before']);

      globals.leave(left.app);
      expect(readSlot('propagation')).toBeUndefined();
      expect(readSlot('context')).toBeUndefined();
    });

    it("calls a global observable callback once, for the oldest app, and an app's own callback for that app", async () => {
      const a = start();
      const b = start();
      let asked = 0;
      globals.meters
        .getMeter('m')
        .createObservableGauge('of.process')
        .addCallback((result) => result.observe(++asked));
      b.app.meters
        .getMeter('m')
        .createObservableGauge('of.b')
        .addCallback((result) => result.observe(7));
      expect(await a.measured()).toEqual(['of.process 1']);
      expect(await b.measured()).toEqual(['of.b 7']);
      globals.leave(a.app);
      expect((await b.measured()).toSorted()).toEqual(['of.b 7', 'of.process 2']);
    });

    it('uses the propagator of the app that owns the context', () => {
      const named = (name: string) => ({
        inject: (_: unknown, carrier: unknown) => void ((carrier as { by?: string }).by = name),
        extract: <C>(context: C) => context,
        fields: () => [name],
      });
      const [a, b] = [new AppTelemetry(), new AppTelemetry()];
      globals.join(a, { propagator: named('a') });
      globals.join(b, { propagator: named('b') });
      const carriers = [a, b].map(({ context }) => {
        const carrier: { by?: string } = {};
        globals.propagator.inject(context, carrier);
        return carrier.by;
      });
      expect(carriers).toEqual(['a', 'b']);
      expect(globals.propagator.fields()).toEqual(['a']);
    });
  });
});
