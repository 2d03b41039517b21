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

  it('is made as our copy of the API makes it', () => {
    start();
    expect(sharedVersion()).toBe(ownVersion());
    expect(ownVersion()).toMatch(/^1\.\d+\.\d+$/);
    expect(trace.getTracerProvider()).toBe(globals.tracers);
    expect(metrics.getMeterProvider()).toBe(globals.meters);
    expect(logs.getLoggerProvider()).toBe(globals.loggers);
    context.with(app.context, () => expect(contexts.active()).toBe(app.context));
  });

  it('is read by handles of the API where 1.9 has set a diagnostics logger first', () => {
    api19.diag.setLogger(collecting, api19.DiagLogLevel.WARN);
    expect(sharedVersion()).toBe('1.9.0');
    start();
    expect(isReadable()).toBe(true);
    trace.getTracer('a').startActiveSpan('through 1.10', (span) => {
      // Handles of 1.9 read on: the same tracer, the same context.
      expect(api19.trace.getActiveSpan()).toBe(span);
      api19.trace.getTracer('a').startSpan('through 1.9').end();
      span.end();
    });
    expect(ours.names()).toEqual(['through 1.9', 'through 1.10']);
    api19.diag.warn('they go on');
    expect(told).toEqual(['they go on']);
  });

  it('has what a copy of 1.9 gave before', () => {
    const early = api19.trace.getTracer('early');
    early.startSpan('nobody is there yet').end();
    start();
    early.startSpan('early').end();
    expect(ours.names()).toEqual(['early']);
  });

  it('leaves what a copy of 1.9 gave before to the SDK that came first', () => {
    const early = api19.trace.getTracer('early');
    const theirs = memory();
    api19.trace.setGlobalTracerProvider(theirs.tracerProvider as never);
    start();
    early.startSpan('early').end();
    expect([ours.names(), theirs.names()]).toEqual([[], ['early']]);
  });

  it('keeps the tracers of an SDK on 1.9, and both versions read them', () => {
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

  // @sentry/node 8 and 10 take flags other than 1 for a parent that was not sampled.
  it('shows the random flag in headers alone where another SDK has the tracers', () => {
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

  it('leaves the context manager and propagator of an SDK on 1.9, and works through them', () => {
    const manager = new AsyncLocalStorageContextManager();
    // As those of that time: it cannot be entered.
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

  // As 1.0 to 1.8 make it: a plain object; those have no `addLink`, and some no `createGauge`.
  it.each(['1.0.4', '1.4.1', '1.7.0', '1.8.0'])(
    'of %s stays as it is with its tracers',
    (version) => {
      const theirs = memory();
      holder[KEY] = { version, trace: theirs.tracerProvider, diag: collecting };
      const early = trace.getTracer('early');
      start();
      expect(sharedVersion()).toBe(version);
      expect(isReadable()).toBe(false);
      expect(readSlot('trace')).toBe(theirs.tracerProvider);
      // Handles of 1.10 do not see what is in it: they hang on proxies of their own, which reach us.
      early.startSpan('early').end();
      trace.getTracer('late').startSpan('late').end();
      // What does not need the API has parents, and says what it has to say.
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
    },
  );

  it.each(['1.0.4', '1.8.0'])('of %s without tracers and meters is read', (version) => {
    holder[KEY] = { version, diag: collecting };
    start();
    expect(sharedVersion()).toBe(ownVersion());
    trace.getTracer('a').startSpan('a').end();
    expect(ours.names()).toEqual(['a']);
  });

  it('of a later version is used as it is', () => {
    holder[KEY] = { version: '1.99.0', diag: collecting };
    start();
    expect(sharedVersion()).toBe('1.99.0');
    expect(isReadable()).toBe(true);
    // The API itself would refuse to register here.
    trace.getTracer('a').startActiveSpan('a', (span) => {
      expect(trace.getActiveSpan()).toBe(span);
      span.end();
    });
    expect(ours.names()).toEqual(['a']);
    expect(told).toEqual([]);
  });

  it('can be frozen without harm', () => {
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

    it('is that of the app which started last, then of those left, then of whoever was before', () => {
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

    it('stays where nobody was before, and leaves alone whom somebody else has set since', () => {
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
