import { context, diag, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { AsyncContextManager } from '../context/async-context-manager.js';
import { LateBoundTracerProvider } from './tracer.js';

const recording = () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  return { provider, names: () => exporter.getFinishedSpans().map((span) => span.name), exporter };
};

const end = (span: Span): boolean => {
  span.end();
  return trace.getActiveSpan() === span;
};

describe('LateBoundTracerProvider', () => {
  beforeAll(() => void context.setGlobalContextManager(new AsyncContextManager()));
  afterAll(() => context.disable());

  it('passes the parent on and runs the function before the fill', () => {
    const tracer = new LateBoundTracerProvider().getTracer('waiting');
    const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    const span = tracer.startSpan('x', {}, trace.setSpanContext(ROOT_CONTEXT, parent));
    expect(span.isRecording()).toBe(false);
    expect(span.spanContext()).toEqual(parent);
    expect(tracer.startActiveSpan('x', () => 'ran')).toBe('ran');
  });

  it('forwards every form of startActiveSpan', () => {
    const late = new LateBoundTracerProvider();
    const tracer = late.getTracer('forms', '1.0.0', { schemaUrl: 'https://example.test/1' });
    const { provider, exporter } = recording();
    late.fill(provider);
    expect(tracer.startActiveSpan('two', end)).toBe(true);
    expect(tracer.startActiveSpan('three', { attributes: { a: 1 } }, end)).toBe(true);
    expect(tracer.startActiveSpan('four', { attributes: { a: 2 } }, ROOT_CONTEXT, end)).toBe(true);
    expect(exporter.getFinishedSpans().map((span) => span.attributes)).toEqual([
      {},
      { a: 1 },
      { a: 2 },
    ]);
    expect(exporter.getFinishedSpans()[0]?.instrumentationScope).toMatchObject({
      name: 'forms',
      version: '1.0.0',
      schemaUrl: 'https://example.test/1',
    });
  });

  it('works with the next provider after a release', () => {
    const late = new LateBoundTracerProvider();
    const tracer = late.getTracer('again');
    const first = recording();
    const second = recording();
    late.fill(first.provider);
    tracer.startSpan('one').end();
    late.unfill();
    tracer.startSpan('lost').end();
    late.fill(second.provider);
    tracer.startSpan('two').end();
    expect(first.names()).toEqual(['one']);
    expect(second.names()).toEqual(['two']);
  });

  it('gives one tracer for each scope', () => {
    const late = new LateBoundTracerProvider();
    expect(late.getTracer('a')).toBe(late.getTracer('a'));
    expect(late.getTracer('a')).not.toBe(late.getTracer('a', '1'));
    expect(late.getTracer('a', '1')).not.toBe(late.getTracer('a', '', { schemaUrl: '1' }));
  });

  describe('for values for which the SDK throws', () => {
    const thrower = (): never => {
      throw new Error('hostile');
    };
    const hostile = new Proxy({}, { get: thrower, ownKeys: thrower, getPrototypeOf: thrower });
    let complaints: unknown[];
    beforeEach(() => {
      complaints = [];
      const warn = (line: string): void => void complaints.push(line);
      diag.setLogger({ error: warn, warn, info() {}, debug() {}, verbose() {} });
    });
    afterEach(() => diag.disable());

    it.each([
      ['the options', hostile],
      ['options that are null', null],
      ['an attribute', { attributes: { key: hostile } }],
      ['a link', { links: [null] }],
      ['links that are no list', { links: {} }],
      ['the start time', { startTime: hostile }],
    ])('starts the span if it cannot read %s, and warns', (_name, options) => {
      const late = new LateBoundTracerProvider();
      const { provider, names } = recording();
      late.fill(provider);
      const tracer = late.getTracer('hostile');
      tracer.startSpan('one', options as never).end();
      expect(tracer.startActiveSpan('two', options as never, end)).toBe(true);
      expect(names()).toEqual(['one', 'two']);
      expect(complaints).toHaveLength(2);
    });

    it('starts no span if the sampler throws, and runs the function', () => {
      const late = new LateBoundTracerProvider();
      late.fill(new TracerProvider({ sampler: { shouldSample: thrower } }));
      const span = late.getTracer('sampled').startSpan('one');
      expect(span.isRecording()).toBe(false);
      expect(late.getTracer('sampled').startActiveSpan('two', () => 'ran')).toBe('ran');
    });

    it('passes on exceptions of the function', () => {
      const late = new LateBoundTracerProvider();
      late.fill(recording().provider);
      expect(() => late.getTracer('own').startActiveSpan('one', thrower)).toThrow('hostile');
      expect(late.getTracer('own').startActiveSpan('one', undefined as never)).toBeUndefined();
      expect(complaints).toEqual([]);
    });
  });
});
