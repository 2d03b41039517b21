import { inspect } from 'node:util';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, Sampler } from '@opentelemetry/sdk-trace';
import { flatOf } from '@nestlens/otlp';
import { exceptionAttributes } from '../exceptions/exception.js';
import { attributeBlock, setBlock } from './attribute-block.js';
import { startLazily } from './lazy-tracer.js';
import type { SpanSource } from './lazy-tracer.js';
import { NestlensTracerProvider } from './nestlens-tracer-provider.js';
import type { NestlensTracerProviderOptions } from './nestlens-tracer-provider.js';
import { isLeftOut } from './own-span.js';
import { RANDOM, flagsOf, showRandomFlag } from './random-flag.js';
import { samplingRule } from './sampling-rule.js';

const REMOTE = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1, isRemote: true };
const thrower = (): never => {
  throw new Error('hostile');
};

const tracerOf = (options: NestlensTracerProviderOptions = {}) =>
  new NestlensTracerProvider({ exceptionAttributes, ...options }).getTracer('spec');
const readable = (span: Span): ReadableSpan => span as unknown as ReadableSpan;
const below = (span: Span): Context => trace.setSpan(ROOT_CONTEXT, span);

const counted = (attributes: Attributes) => {
  const asked: string[] = [];
  const source: SpanSource = {
    attributes: () => {
      asked.push('attributes');
      return attributes;
    },
    describe: (span) => {
      asked.push('describe');
      span.setAttributes({ ...attributes, described: true });
    },
  };
  return { asked, source };
};

describe('the tracer of ours', () => {
  it('reads no attribute for a sampler that needs none, and none of what is not recorded', () => {
    const { asked, source } = counted({ a: 1 });
    const start = (sampler: NestlensTracerProviderOptions['sampler'] & object) =>
      startLazily(tracerOf({ sampler }), 'GET', SpanKind.SERVER, ROOT_CONTEXT, source);
    expect(start(samplingRule('always_off', 1)).isRecording()).toBe(false);
    expect(start(samplingRule('parentbased_traceidratio', 0)).isRecording()).toBe(false);
    expect(asked).toEqual([]);
    const span = start(samplingRule('parentbased_always_on', 1));
    expect(asked).toEqual(['describe']);
    expect(readable(span).attributes).toEqual({ a: 1, described: true });
    const seen: Attributes[] = [];
    const own: Sampler = {
      shouldSample: (...args) => {
        seen.push(args[4]);
        return { decision: SamplingDecision.NOT_RECORD };
      },
    };
    expect(start(own).isRecording()).toBe(false);
    expect([asked, seen]).toEqual([['describe', 'attributes'], [{ a: 1 }]]);
  });

  it('shows a processor the attributes of the description at the start', () => {
    const seen: Attributes[] = [];
    const tracer = tracerOf({
      spanProcessors: [
        {
          onStart: (span) => void seen.push({ ...span.attributes }),
          onEnd: () => {},
          forceFlush: () => Promise.resolve(),
          shutdown: () => Promise.resolve(),
        },
      ],
    });
    startLazily(tracer, 'GET', SpanKind.SERVER, ROOT_CONTEXT, counted({ a: 1 }).source).end();
    expect(seen).toEqual([{ a: 1, described: true }]);
  });

  it('decides as the samplers of the SDK by their names', () => {
    const names = ['always_on', 'always_off', 'traceidratio'] as const;
    const low = { ...REMOTE, traceId: `${'0'.repeat(31)}1`, traceFlags: 0 };
    const of = (name: Parameters<typeof samplingRule>[0]) => {
      const tracer = tracerOf({ sampler: samplingRule(name, 0.5) });
      return [undefined, REMOTE, low].map((parent) =>
        tracer
          .startSpan('x', {}, parent && trace.setSpanContext(ROOT_CONTEXT, parent))
          .isRecording(),
      );
    };
    expect(names.map((name) => of(name).slice(1))).toEqual([
      [true, true],
      [false, false],
      [true, true],
    ]);
    expect(names.map((name) => of(`parentbased_${name}`).slice(1))).toEqual([
      [true, false],
      [true, false],
      [true, false],
    ]);
    expect([of('parentbased_always_on')[0], of('parentbased_always_off')[0]]).toEqual([
      true,
      false,
    ]);
  });

  it('gives each span IDs of its own, and a root the random flag', () => {
    const tracer = tracerOf();
    const spans = Array.from({ length: 3000 }, () => tracer.startSpan('x').spanContext());
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(3000);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(3000);
    expect(new Set(spans.map(({ traceFlags }) => traceFlags))).toEqual(new Set([3]));
    const child = tracer.startSpan('x', {}, trace.setSpanContext(ROOT_CONTEXT, REMOTE));
    expect(child.spanContext().traceFlags).toBe(TraceFlags.SAMPLED);
    const generated = tracerOf({
      idGenerator: { generateTraceId: () => '1'.repeat(32), generateSpanId: () => '2'.repeat(16) },
    });
    expect(generated.startSpan('x').spanContext().traceFlags).toBe(TraceFlags.SAMPLED);
  });

  it('hides the random flag where another SDK reads the flags, and sends it all the same', () => {
    showRandomFlag(false);
    try {
      const span = tracerOf().startSpan('x');
      const child = tracerOf({ sampler: samplingRule('always_off', 1) }).startSpan(
        'y',
        {},
        below(span),
      );
      expect(span.spanContext().traceFlags).toBe(1);
      expect(flagsOf(span.spanContext())).toBe(1 | RANDOM);
      expect(child.spanContext().traceFlags).toBe(0);
      expect(flagsOf(child.spanContext())).toBe(RANDOM);
    } finally {
      showRandomFlag(true);
    }
  });

  it('keeps the trace of a span that is not recorded', () => {
    const tracer = tracerOf({ sampler: samplingRule('always_off', 1) });
    const root = tracer.startSpan('x');
    const child = tracer.startSpan('y', {}, below(root));
    expect(child.spanContext().traceId).toBe(root.spanContext().traceId);
    expect(child.spanContext().spanId).not.toBe(root.spanContext().spanId);
    expect([isLeftOut(root), isLeftOut(tracerOf().startSpan('z'))]).toEqual([true, false]);
    expect(isLeftOut(trace.wrapSpanContext({ ...REMOTE, traceFlags: 0 }))).toBe(true);
  });

  it('takes blocks as one, until one of their keys is set', () => {
    const block = attributeBlock({ route: '/orders', controller: 'Orders' });
    const attributesOf = (act: (span: Span) => void) => {
      const span = tracerOf({ spanLimits: { attributeCountLimit: 3 } }).startSpan('x');
      act(span);
      return Object.entries(readable(span).attributes);
    };
    const whole = [
      ['route', '/orders'],
      ['controller', 'Orders'],
    ];
    expect(attributesOf((span) => setBlock(span, block))).toEqual(whole);
    expect(
      attributesOf((span) => {
        setBlock(span, block);
        span.setAttributes({ route: 'later', a: 1, dropped: 1 });
      }),
    ).toEqual([
      ['route', 'later'],
      ['controller', 'Orders'],
      ['a', 1],
    ]);
    expect(
      attributesOf((span) => {
        span.setAttributes({ controller: 'before', b: 1 });
        setBlock(span, block);
        setBlock(span, block);
      }),
    ).toEqual([
      ['controller', 'Orders'],
      ['b', 1],
      ['route', '/orders'],
    ]);
  });

  it('keeps a block whole beside many other keys, so that its bytes are used', () => {
    const block = attributeBlock({ route: '/orders', controller: 'Orders' });
    const span = tracerOf().startSpan('x');
    for (let at = 0; at < 20; at++) span.setAttribute(`key ${at}`, at);
    setBlock(span, block);
    for (let at = 20; at < 25; at++) span.setAttribute(`key ${at}`, at);
    expect(flatOf(span)?.flatAttributes.values[20]).toBe(block);
    expect(Object.keys(readable(span).attributes)).toHaveLength(27);
  });

  it('records an exception by the rules of this package: its type and its code', () => {
    const span = tracerOf().startSpan('x');
    span.recordException(Object.assign(new RangeError('bad'), { code: 'E_BAD' }));
    span.recordException(undefined as never);
    const { events } = readable(span);
    expect(events.map(({ attributes }) => attributes)).toMatchObject([
      {
        'exception.type': 'RangeError',
        'nestlens.exception.code': 'E_BAD',
        'exception.message': 'bad',
      },
    ]);
  });

  it('keeps a link whose context has no flags, and none that no encoder can read', () => {
    const span = tracerOf().startSpan('x');
    const { traceFlags: _, ...bare } = REMOTE;
    span.addLinks([
      { context: bare as never },
      { context: { ...REMOTE, spanId: Symbol('s') } as never },
      { context: null as never },
    ]);
    expect(readable(span).links).toEqual([{ context: bare }]);
  });

  it('prints what a span says, and goes on as it was', () => {
    const span = tracerOf().startSpan('printed', { attributes: { a: 1 } });
    expect(inspect(span)).toContain("name: 'printed'");
    expect(inspect(span)).toContain('attributes: { a: 1 }');
    expect(flatOf(span)?.flatAttributes.object).toBeUndefined();
  });

  describe('with what the tracer of the SDK throws for', () => {
    const deep = (): unknown => {
      let value: unknown = 'end';
      for (let level = 0; level < 200_000; level++) value = [value];
      return value;
    };
    const hostile = new Proxy({}, { get: thrower, ownKeys: thrower, getPrototypeOf: thrower });
    const calls: readonly (readonly [string, (span: Span) => unknown])[] = [
      ['a value that is too deep', (span) => span.setAttribute('a', deep() as never)],
      [
        'a getter',
        (span) =>
          span.setAttributes({
            get bad() {
              return thrower();
            },
            good: 1,
          }),
      ],
      ['a proxy', (span) => span.setAttribute('a', hostile as never)],
      ['a key that is undefined', (span) => span.setAttribute(undefined as never, 1)],
      ['a key that is null', (span) => span.setAttribute(null as never, 1)],
      ['no status', (span) => span.setStatus(null as never)],
    ];

    it.each(calls)('goes on after %s', (_name, call) => {
      const span = tracerOf().startSpan('x');
      expect(() => call(span)).not.toThrow();
      span.setAttribute('good', 1).setStatus({ code: SpanStatusCode.ERROR }).end();
      expect(readable(span).attributes).toEqual({ good: 1 });
    });

    it('goes on beside processors that throw', () => {
      const bad = { onStart: thrower, onEnding: thrower, onEnd: thrower };
      const ended: string[] = [];
      const rest = { forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() };
      const tracer = tracerOf({
        spanProcessors: [
          { ...bad, ...rest },
          { ...rest, onStart: () => {}, onEnd: ({ name }) => void ended.push(name) },
        ],
      });
      tracer.startSpan('x').end();
      expect(ended).toEqual(['x']);
    });

    it('passes the context on where a sampler or a generator throws', () => {
      const parent = trace.setSpanContext(ROOT_CONTEXT, REMOTE);
      for (const options of [
        { sampler: { shouldSample: thrower } },
        { idGenerator: { generateTraceId: thrower, generateSpanId: thrower } },
      ]) {
        const span = tracerOf(options).startSpan('x', {}, parent);
        expect([span.isRecording(), span.spanContext()]).toEqual([false, REMOTE]);
      }
    });

    it('starts without options and in contexts that cannot be read', () => {
      const span = tracerOf().startSpan('x', hostile, hostile as never);
      expect([span.isRecording(), readable(span).name]).toEqual([true, 'x']);
      const run = (each: Span): boolean => each.isRecording();
      expect(tracerOf().startActiveSpan('x', hostile, {} as never, run)).toBe(true);
    });
  });
});
