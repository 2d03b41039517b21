import {
  DiagLogLevel,
  ROOT_CONTEXT,
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  diag,
  logs,
  metrics,
  propagation,
  trace,
} from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import * as api19 from 'api-1.9';
import {
  SimpleSpanProcessor,
  InMemorySpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { contexts } from '../context/contexts.js';
import { AppTelemetry } from '../late-bound/app-telemetry.js';
import { GlobalProviders } from '../late-bound/globals.js';
import { TraceContextPropagator } from '../propagation/trace-context.js';
import { isReadable, ownVersion, readSlot, sharedVersion, takeSlot } from './api-global.js';
import { diag as ownDiag, holdDiagnostics } from './diag.js';

const KEY = Symbol.for('opentelemetry.js.api.1');
const holder = globalThis as { [KEY]?: object };

const told: unknown[] = [];
const collecting = {
  error: (...parts: unknown[]) => void told.push(parts[0]),
  warn: (...parts: unknown[]) => void told.push(parts[0]),
  info() {},
  debug() {},
  verbose() {},
};

const memory = () => {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  return { tracerProvider, names: () => exporter.getFinishedSpans().map(({ name }) => name) };
};

describe('the shared object of the API', () => {
  let globals: GlobalProviders;
  let app: AppTelemetry;
  let ours: ReturnType<typeof memory>;

  const start = (): void => {
    globals.install();
    globals.join(app, { tracerProvider: ours.tracerProvider });
  };

  beforeEach(() => {
    delete holder[KEY];
    told.length = 0;
    globals = new GlobalProviders();
    app = new AppTelemetry();
    ours = memory();
  });
  afterEach(() => {
    globals.leave(app);
    for (const api of [trace, metrics, logs, context, propagation, diag]) api.disable();
    api19.trace.disable();
    delete holder[KEY];
  });

  it('has the version of our copy of the API', () => {
    start();
    expect(sharedVersion()).toBe(ownVersion());
    expect(ownVersion()).toMatch(/^1\.\d+\.\d+$/);
    expect(trace.getTracerProvider()).toBe(globals.tracers);
    expect(metrics.getMeterProvider()).toBe(globals.meters);
    expect(logs.getLoggerProvider()).toBe(globals.loggers);
    context.with(app.context, () => expect(contexts.active()).toBe(app.context));
  });

  it('can be read through 1.10 if 1.9 has set a diagnostics logger first', () => {
    api19.diag.setLogger(collecting, api19.DiagLogLevel.WARN);
    expect(sharedVersion()).toBe('1.9.0');
    start();
    expect(isReadable()).toBe(true);
    trace.getTracer('a').startActiveSpan('through 1.10', (span) => {
      // Handles of 1.9 still work: they see the same tracer and the same context.
      expect(api19.trace.getActiveSpan()).toBe(span);
      api19.trace.getTracer('a').startSpan('through 1.9').end();
      span.end();
    });
    expect(ours.names()).toEqual(['through 1.9', 'through 1.10']);
    api19.diag.warn('they go on');
    expect(told).toEqual(['they go on']);
  });

  it('serves tracers that a copy of 1.9 gave out before our start', () => {
    const early = api19.trace.getTracer('early');
    early.startSpan('nobody is there yet').end();
    start();
    early.startSpan('early').end();
    expect(ours.names()).toEqual(['early']);
  });

  it('leaves tracers that a copy of 1.9 gave out before to the SDK that registered first', () => {
    const early = api19.trace.getTracer('early');
    const theirs = memory();
    api19.trace.setGlobalTracerProvider(theirs.tracerProvider as never);
    start();
    early.startSpan('early').end();
    expect([ours.names(), theirs.names()]).toEqual([[], ['early']]);
  });

  it('keeps the tracers of an SDK on 1.9, and both versions use them', () => {
    const theirs = memory();
    api19.trace.setGlobalTracerProvider(theirs.tracerProvider as never);
    start();
    trace.getTracer('a').startSpan('through 1.10').end();
    api19.trace.getTracer('a').startSpan('through 1.9').end();
    expect(theirs.names()).toEqual(['through 1.10', 'through 1.9']);
    globals.tracers.getTracer('own').startSpan('of our own').end();
    expect(ours.names()).toEqual(['of our own']);
    expect(metrics.getMeterProvider()).toBe(globals.meters);
  });

  // @sentry/node 8 and 10 treat a parent as not sampled if its flags are not exactly 1.
  it('shows the random flag only in headers if another SDK has registered its tracers', () => {
    const { tracerProvider } = memory();
    trace.setGlobalTracerProvider(tracerProvider);
    start();
    const remote = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03';
    const w3c = new TraceContextPropagator();
    const sent = (span: Span): unknown => {
      const carrier: Record<string, unknown> = {};
      w3c.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, defaultTextMapSetter);
      return carrier['traceparent'];
    };
    const tracer = globals.tracers.getTracer('own');
    const incoming = w3c.extract(ROOT_CONTEXT, { traceparent: remote }, defaultTextMapGetter);
    for (const parent of [ROOT_CONTEXT, incoming]) {
      const span = tracer.startSpan('server', {}, parent);
      const child = tracer.startSpan('client', {}, trace.setSpan(ROOT_CONTEXT, span));
      expect([span, child].map((one) => one.spanContext().traceFlags)).toEqual([1, 1]);
      expect([span, child].map(sent)).toEqual([
        expect.stringMatching(/-03$/),
        expect.stringMatching(/-03$/),
      ]);
    }
    trace.disable();
    globals.install();
    expect(tracer.startSpan('alone', {}, ROOT_CONTEXT).spanContext().traceFlags).toBe(3);
  });

  it('keeps the context manager and the propagator of an SDK on 1.9, and works through them', () => {
    const manager = new AsyncLocalStorageContextManager();
    // Context managers of that time have no `attach`, so their context cannot be entered.
    Object.defineProperty(manager, 'attach', { value: undefined });
    const propagator = { inject() {}, extract: <C>(given: C) => given, fields: () => ['theirs'] };
    api19.context.setGlobalContextManager(manager as never);
    api19.propagation.setGlobalPropagator(propagator as never);
    start();
    expect(contexts.areOurs()).toBe(false);
    expect(contexts.enter(app.context)).toBe(false);
    contexts.with(app.context, () => {
      expect(api19.context.active()).toBe(app.context);
      expect(context.active()).toBe(app.context);
      const bound = contexts.bind(context.active(), () => contexts.active());
      expect(api19.context.with(api19.ROOT_CONTEXT, bound)).toBe(app.context);
    });
    expect(propagation.fields()).toEqual(['theirs']);
    globals.leave(app);
    expect(readSlot('context')).toBe(manager);
    expect(readSlot('propagation')).toBe(propagator);
  });

  // 1.0 to 1.8 make a plain object. Their spans have no `addLink`, and some of their meters no `createGauge`.
  it.each(['1.0.4', '1.4.1', '1.7.0', '1.8.0'])('keeps the tracers of an SDK on %s', (version) => {
    const theirs = memory();
    holder[KEY] = { version, trace: theirs.tracerProvider, diag: collecting };
    const early = trace.getTracer('early');
    start();
    expect(sharedVersion()).toBe(version);
    expect(isReadable()).toBe(false);
    expect(readSlot('trace')).toBe(theirs.tracerProvider);
    // Handles of 1.10 cannot read this object. They hold proxies of their own, which lead to us.
    early.startSpan('early').end();
    trace.getTracer('late').startSpan('late').end();
    // Our own tracers do without the API: spans have their parents, and diagnostics are printed.
    globals.tracers.getTracer('own').startActiveSpan('parent', (parent) => {
      const child = globals.tracers.getTracer('own').startSpan('child');
      expect(child.spanContext().traceId).toBe(parent.spanContext().traceId);
      expect(trace.getActiveSpan()).toBeUndefined();
      child.end();
      parent.end();
    });
    expect(ours.names()).toEqual(['early', 'late', 'child', 'parent']);
    expect(theirs.names()).toEqual([]);
    ownDiag.warn('heard');
    expect(told).toEqual(['heard']);
  });

  it.each(['1.0.4', '1.8.0'])(
    'is replaced if %s made it and it has no tracers or meters',
    (version) => {
      holder[KEY] = { version, diag: collecting };
      start();
      expect(sharedVersion()).toBe(ownVersion());
      trace.getTracer('a').startSpan('a').end();
      expect(ours.names()).toEqual(['a']);
    },
  );

  it('is used unchanged if a later version made it', () => {
    holder[KEY] = { version: '1.99.0', diag: collecting };
    start();
    expect(sharedVersion()).toBe('1.99.0');
    expect(isReadable()).toBe(true);
    // The API itself would refuse to register in this object.
    trace.getTracer('a').startActiveSpan('a', (span) => {
      expect(trace.getActiveSpan()).toBe(span);
      span.end();
    });
    expect(ours.names()).toEqual(['a']);
    expect(told).toEqual([]);
  });

  it('may be frozen', () => {
    holder[KEY] = Object.freeze({ version: '1.2.0' });
    expect(start).not.toThrow();
    expect(isReadable()).toBe(false);
    globals.tracers.getTracer('own').startSpan('own').end();
    expect(ours.names()).toEqual(['own']);
    expect(takeSlot('logs', {})).toBe(false);
  });

  describe('its diagnostics logger', () => {
    const logger = (lines: string[]) => ({
      ...collecting,
      error: (line: string) => void lines.push(line),
      info: (line: string) => void lines.push(line),
    });

    it('is that of the app that started last, then of a running app, then the one from before', () => {
      const [theirs, a, b]: string[][] = [[], [], []];
      diag.setLogger(logger(theirs!), DiagLogLevel.ALL);
      const releaseA = holdDiagnostics(logger(a!), DiagLogLevel.ERROR);
      const releaseB = holdDiagnostics(logger(b!), DiagLogLevel.ALL);
      diag.info('1');
      releaseB();
      releaseB();
      diag.info('beneath the level of a');
      diag.error('2');
      releaseA();
      diag.info('3');
      expect([a, b, theirs]).toEqual([['2'], ['1'], ['3']]);
    });

    it('stays if there was none before, and a logger that other code set later stays too', () => {
      const [a, b, theirs]: string[][] = [[], [], []];
      holdDiagnostics(logger(a!), DiagLogLevel.ALL)();
      diag.error('late');
      const release = holdDiagnostics(logger(b!), DiagLogLevel.ALL);
      diag.setLogger(logger(theirs!), {
        logLevel: DiagLogLevel.ALL,
        suppressOverrideMessage: true,
      });
      release();
      diag.error('theirs');
      expect([a, b, theirs]).toEqual([['late'], [], ['theirs']]);
    });
  });
});
