import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api';
import { AlwaysOffSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { LateBoundTracerProvider } from '../late-bound/tracer.js';
import { attributeBlock, setBlock } from './attribute-block.js';
import type { AttributeBlock } from './attribute-block.js';
import { startLazily } from './lazy-tracer.js';
import type { LazyTracer, SpanSource } from './lazy-tracer.js';

/** Makes a source that counts its calls. */
const countedSource = (attributes: Attributes) => {
  const asked = { attributes: 0, describe: 0 };
  const source: SpanSource = {
    attributes: () => {
      asked.attributes += 1;
      return attributes;
    },
    describe: (span) => {
      asked.describe += 1;
      span.setAttributes({ ...attributes, described: true });
    },
  };
  return { asked, source };
};

const below: Context = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: 'ab'.repeat(16),
  spanId: 'cd'.repeat(8),
  traceFlags: 1,
  isRemote: true,
});

const readable = (span: Span): ReadableSpan => span as unknown as ReadableSpan;

describe('startLazily', () => {
  it('gives any tracer the attributes for its sampler, and describes a recorded span', () => {
    const { asked, source } = countedSource({ a: 1 });
    const tracer = new TracerProvider().getTracer('spec');
    const span = startLazily(tracer, 'GET', SpanKind.SERVER, below, source);
    expect(asked).toEqual({ attributes: 1, describe: 1 });
    expect(readable(span)).toMatchObject({
      name: 'GET',
      kind: SpanKind.SERVER,
      attributes: { a: 1, described: true },
      parentSpanContext: { spanId: 'cd'.repeat(8) },
    });
  });

  it('does not describe a span that is not recorded', () => {
    const { asked, source } = countedSource({ a: 1 });
    const tracer = new TracerProvider({ sampler: new AlwaysOffSampler() }).getTracer('spec');
    expect(startLazily(tracer, 'GET', SpanKind.SERVER, below, source).isRecording()).toBe(false);
    expect(asked.describe).toBe(0);
  });

  it('leaves the reading of the attributes to a tracer that can wait', () => {
    const { asked, source } = countedSource({});
    const given: unknown[] = [];
    const inner = new TracerProvider().getTracer('spec');
    const tracer: LazyTracer = {
      startSpan: (...args) => inner.startSpan(...args),
      startActiveSpan: inner.startActiveSpan.bind(inner) as Tracer['startActiveSpan'],
      startLazily: (...args) => {
        given.push(...args);
        return inner.startSpan('lazy');
      },
    };
    expect(readable(startLazily(tracer, 'GET', SpanKind.CLIENT, below, source)).name).toBe('lazy');
    expect(given).toEqual(['GET', SpanKind.CLIENT, below, source]);
    expect(asked).toEqual({ attributes: 0, describe: 0 });
  });

  it('works through the stand-in tracer, with the random flag and without an error', () => {
    const late = new LateBoundTracerProvider();
    const tracer = late.getTracer('spec');
    const { asked, source } = countedSource({ a: 1 });
    expect(startLazily(tracer, 'GET', SpanKind.SERVER, below, source).isRecording()).toBe(false);
    expect(asked.describe).toBe(0);
    late.fill(new TracerProvider());
    const root = startLazily(tracer, 'GET', SpanKind.SERVER, ROOT_CONTEXT, source);
    expect(root.spanContext().traceFlags).toBe(3);
    expect(readable(root).attributes).toEqual({ a: 1, described: true });
    const thrower: SpanSource = {
      attributes: () => {
        throw new Error('no attributes');
      },
      describe: () => {
        throw new Error('no description');
      },
    };
    const bare = startLazily(tracer, 'bare', SpanKind.SERVER, below, thrower);
    expect(readable(bare)).toMatchObject({ name: 'bare', kind: SpanKind.SERVER, attributes: {} });
  });
});

describe('an attribute block', () => {
  it('is a copy without invalid attributes', () => {
    const given = { a: 1, list: ['x'], '': 'no key', none: undefined, odd: Symbol('s') };
    const block = attributeBlock(given as unknown as Attributes);
    given.a = 2;
    given.list.push('y');
    expect(block.attributes).toEqual({ a: 1, list: ['x'] });
    expect(Object.isFrozen(block.attributes)).toBe(true);
  });

  it('is empty if the attributes cannot be read', () => {
    const thrower = (): never => {
      throw new Error('hostile');
    };
    expect(attributeBlock(new Proxy({}, { ownKeys: thrower })).attributes).toEqual({});
  });

  it('is set on any span, and the last write wins', () => {
    const span = new TracerProvider().getTracer('spec').startSpan('x');
    span.setAttributes({ a: 'before', other: 1 });
    const block: AttributeBlock = attributeBlock({ a: 'block', b: 'block' });
    setBlock(span, block);
    span.setAttribute('b', 'after');
    expect(readable(span).attributes).toEqual({ a: 'block', b: 'after', other: 1 });
  });
});
