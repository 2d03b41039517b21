import { BadRequestException, InternalServerErrorException } from '@nestjs/common';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { useEndedSpans } from './fixtures/ended-spans.js';
import { Span } from './span.decorator.js';

const KEY = Symbol('by symbol');
const activeSpanId = (): string | undefined => trace.getActiveSpan()?.spanContext().spanId;
const child = (name: string): void => trace.getTracer('spec').startSpan(name).end();

describe('@Span', () => {
  const exporter = useEndedSpans();

  const only = (): ReadableSpan => {
    const [span, ...others] = exporter.getFinishedSpans();
    expect(others).toEqual([]);
    if (span === undefined) throw new Error('No span ended');
    return span;
  };

  class Base {
    readonly #secret = 'kept';

    @Span()
    sync(value: number): string {
      child('inside');
      return `${this.#secret} ${value}`;
    }

    @Span('named', {
      kind: SpanKind.CLIENT,
      attributes: ([id]: [string]) => ({ 'order.id': id }),
    })
    async promise(id: string): Promise<string> {
      await Promise.resolve();
      child('inside');
      return id;
    }

    @Span()
    static fixed(): string | undefined {
      return activeSpanId();
    }

    @Span()
    [KEY](): string | undefined {
      return activeSpanId();
    }

    @Span()
    throws(error: unknown): never {
      throw error;
    }

    @Span()
    async rejects(error: unknown): Promise<never> {
      throw error;
    }

    @Span()
    outer(error: unknown): void {
      this.throws(error);
    }

    @Span('attributes', {
      attributes: () => {
        throw new Error('no');
      },
    })
    badAttributes(): string {
      return 'ran';
    }

    @Span()
    give<T>(value: T): T {
      return value;
    }
  }
  class Derived extends Base {
    override sync(value: number): string {
      return `derived ${super.sync(value)}`;
    }
  }

  it('wraps a plain method, also with private fields and inheritance', () => {
    expect(new Derived().sync(1)).toBe('derived kept 1');
    const [inside, span] = exporter.getFinishedSpans();
    expect(span?.name).toBe('Base.sync');
    expect(span?.kind).toBe(SpanKind.INTERNAL);
    expect(span?.attributes).toEqual({ 'code.function.name': 'Base.sync' });
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
    expect(inside?.parentSpanContext?.spanId).toBe(span?.spanContext().spanId);
  });

  it('wraps an async method until it settles, with its name and with attributes from its arguments', async () => {
    const promise = new Base().promise('o-1');
    expect(exporter.getFinishedSpans()).toEqual([]);
    expect(await promise).toBe('o-1');
    const [inside, span] = exporter.getFinishedSpans();
    expect(span).toMatchObject({
      name: 'named',
      kind: SpanKind.CLIENT,
      attributes: { 'order.id': 'o-1', 'code.function.name': 'Base.promise' },
    });
    expect(inside?.parentSpanContext?.spanId).toBe(span?.spanContext().spanId);
  });

  it('wraps static methods and methods named by a symbol', () => {
    expect(Base.fixed()).toBe(only().spanContext().spanId);
    expect(only().name).toBe('Base.fixed');
    exporter.reset();
    expect(new Base()[KEY]()).toBe(only().spanContext().spanId);
    expect(only().name).toBe('Base.[by symbol]');
  });

  it.each(['throws', 'rejects'] as const)(
    'records the error of a method that %s, and passes it on',
    async (way) => {
      const error = new RangeError('too far');
      await expect(async () => new Base()[way](error)).rejects.toBe(error);
      expect(only()).toMatchObject({
        status: { code: SpanStatusCode.ERROR, message: 'too far' },
        attributes: { 'error.type': 'RangeError' },
        events: [
          {
            name: 'exception',
            attributes: {
              'exception.type': 'RangeError',
              'exception.message': 'too far',
              'exception.stacktrace': error.stack,
            },
          },
        ],
      });
    },
  );

  it('records an exception once in a trace, and again in another trace', () => {
    const error = new Error('once');
    const base = new Base();
    for (let round = 0; round < 2; round++) {
      exporter.reset();
      expect(() => base.outer(error)).toThrow(error);
      const [inner, outer] = exporter.getFinishedSpans();
      expect([inner?.events.length, outer?.events.length]).toEqual([1, 0]);
      expect([inner?.status.code, outer?.status.code]).toEqual([2, 2]);
    }
  });

  it('does not record a 4xx exception of Nest as an error, but records a 5xx', () => {
    const base = new Base();
    expect(() => base.throws(new BadRequestException('no'))).toThrow('no');
    expect(only()).toMatchObject({ status: { code: SpanStatusCode.UNSET }, events: [] });
    expect(only().attributes).not.toHaveProperty('error.type');
    exporter.reset();
    expect(() => base.throws(new InternalServerErrorException('oh'))).toThrow('oh');
    expect(only().status).toEqual({ code: SpanStatusCode.ERROR, message: 'oh' });
    expect(only().attributes['error.type']).toBe('InternalServerErrorException');
  });

  it('rethrows any thrown value unchanged, and ends its span with an error', () => {
    const base = new Base();
    const getters = Object.defineProperty(new Error('x'), 'stack', {
      get() {
        throw new Error('no stack');
      },
    });
    const cyclic = new Error('cyclic');
    cyclic.cause = cyclic;
    const huge = new Error('y'.repeat(1_000_000));
    const thrown = [
      undefined,
      null,
      'text',
      7n,
      getters,
      Object.freeze(new Error('f')),
      cyclic,
      huge,
    ];
    for (const error of thrown) {
      const caught = (() => {
        try {
          return base.throws(error);
        } catch (got) {
          return got;
        }
      })();
      expect(caught).toBe(error);
    }
    const spans = exporter.getFinishedSpans();
    expect(spans).toHaveLength(thrown.length);
    expect(spans.every((span) => span.status.code === SpanStatusCode.ERROR)).toBe(true);
    expect(JSON.stringify(spans.at(-1)?.events).length).toBeLessThan(200_000);
  });

  it('runs the method even if its attributes cannot be computed', () => {
    expect(new Base().badAttributes()).toBe('ran');
    expect(only().name).toBe('attributes');
  });

  it('returns the same object, unless it has to follow it', () => {
    const base = new Base();
    for (const value of [[1], new Map(), new Set([1]).values(), Object.freeze({ a: 1 }), null]) {
      expect(base.give(value)).toBe(value);
    }
    expect(exporter.getFinishedSpans()).toHaveLength(5);
  });

  it('refuses anything but a method when the class is defined', () => {
    const apply = Span();
    expect(() => apply({}, 'field', undefined as never)).toThrow(
      '@Span belongs on a method; field is none',
    );
    expect(() => apply({}, 'getter', { get: () => 1 })).toThrow(TypeError);
  });
});
