import { SpanStatusCode, trace } from '@opentelemetry/api';
import {
  BehaviorSubject,
  EMPTY,
  Observable,
  Subject,
  firstValueFrom,
  lastValueFrom,
  of,
  range,
  retry,
  take,
  throwError,
  toArray,
} from 'rxjs';
import { useEndedSpans } from './fixtures/ended-spans.js';
import { Span } from './span.decorator.js';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const activeSpanId = (): string | undefined => trace.getActiveSpan()?.spanContext().spanId;

describe('@Span on a method whose work goes on after it returns', () => {
  const exporter = useEndedSpans();

  const ended = (): string[] =>
    exporter.getFinishedSpans().map((span) => span.spanContext().spanId);

  const seen: (string | undefined)[] = [];
  beforeEach(() => void (seen.length = 0));

  class Work {
    @Span()
    give<T>(value: T): T {
      return value;
    }

    @Span()
    async later<T>(value: T): Promise<T> {
      await tick();
      return value;
    }

    @Span()
    async *pages(failAt = -1): AsyncGenerator<number, string, unknown> {
      for (let i = 0; i < 3; i++) {
        await tick();
        seen.push(activeSpanId());
        if (i === failAt) throw new Error('page');
        yield i;
      }
      return 'end';
    }

    @Span()
    *numbers(failAt = -1): Generator<number, string, unknown> {
      for (let i = 0; i < 3; i++) {
        seen.push(activeSpanId());
        if (i === failAt) throw new Error('number');
        yield i;
      }
      return 'end';
    }
  }
  const work = new Work();

  describe('Observables', () => {
    it('ends the span when the source completes; the source runs in the span, the subscriber outside', async () => {
      const source = new Observable<number>((subscriber) => {
        seen.push(activeSpanId());
        setImmediate(() => {
          seen.push(activeSpanId());
          subscriber.next(1);
          subscriber.complete();
        });
      });
      const result = work.give(source);
      expect(ended()).toEqual([]);
      let downstream: string | undefined = 'not run';
      await lastValueFrom(
        result.pipe((inner) => {
          inner.subscribe(() => (downstream = activeSpanId()));
          return inner;
        }),
      );
      expect(downstream).toBeUndefined();
      expect(ended()).toHaveLength(2);
      expect(new Set(seen)).toEqual(new Set(ended()));
    });

    it('records the error of a stream', async () => {
      const error = new Error('stream');
      await expect(lastValueFrom(work.give(throwError(() => error)))).rejects.toBe(error);
      expect(exporter.getFinishedSpans()[0]).toMatchObject({
        status: { code: SpanStatusCode.ERROR, message: 'stream' },
      });
    });

    it('ends the span when the subscriber leaves, even in the middle of a synchronous source', async () => {
      const subject = new Subject<number>();
      const subscription = work.give(subject).subscribe();
      expect(ended()).toHaveLength(0);
      subscription.unsubscribe();
      expect(ended()).toHaveLength(1);
      expect(subject.observed).toBe(false);
      let produced = 0;
      const endless = new Observable<number>((subscriber) => {
        while (!subscriber.closed && produced < 1000) subscriber.next(produced++);
      });
      expect(await firstValueFrom(work.give(endless).pipe(take(2), toArray()))).toEqual([0, 1]);
      expect(produced).toBe(2);
      expect(ended()).toHaveLength(2);
    });

    it('makes one span for each attempt, all with the same parent', async () => {
      let attempts = 0;
      const flaky = new Observable<string>((subscriber) => {
        attempts += 1;
        if (attempts < 3) subscriber.error(new Error(`attempt ${attempts}`));
        else {
          subscriber.next('done');
          subscriber.complete();
        }
      });
      const tracer = trace.getTracer('spec');
      const value = await tracer.startActiveSpan('caller', async (span) => {
        const got = await lastValueFrom(
          work.give(flaky).pipe(retry({ count: 2, delay: () => of(1) })),
        );
        span.end();
        return got;
      });
      expect(value).toBe('done');
      const spans = exporter.getFinishedSpans();
      const caller = spans.find((span) => span.name === 'caller');
      const attemptSpans = spans.filter((span) => span !== caller);
      expect(attemptSpans.map((span) => span.status.code)).toEqual([2, 2, 0]);
      for (const span of attemptSpans) {
        expect(span.parentSpanContext?.spanId).toBe(caller?.spanContext().spanId);
      }
    });

    it('returns a Subject that can still be used as a Subject', () => {
      const state = new BehaviorSubject(1);
      const result = work.give(state);
      const values: number[] = [];
      result.subscribe((value) => values.push(value));
      result.next(2);
      expect(state.value).toBe(2);
      expect(result.value).toBe(2);
      expect(result).toBeInstanceOf(BehaviorSubject);
      result.asObservable().subscribe((value) => values.push(value * 10));
      state.complete();
      expect(values).toEqual([1, 2, 20]);
      expect(ended()).toHaveLength(2);
    });

    it('follows an Observable that an async method returns, and a completed one', async () => {
      const result = await work.later(range(1, 3));
      expect(ended()).toEqual([]);
      expect(await lastValueFrom(result)).toBe(3);
      expect(ended()).toHaveLength(1);
      await lastValueFrom(work.give(EMPTY), { defaultValue: undefined });
      expect(ended()).toHaveLength(2);
    });
  });

  describe.each(['pages', 'numbers'] as const)('generators: %s', (method) => {
    it('runs every step in the span, and ends the span at the return', async () => {
      const got: number[] = [];
      for await (const value of work[method]()) {
        expect(activeSpanId()).toBeUndefined();
        got.push(value);
      }
      expect(got).toEqual([0, 1, 2]);
      expect(ended()).toHaveLength(1);
      expect(seen).toEqual([ended()[0], ended()[0], ended()[0]]);
    });

    it('ends the span when the consumer leaves the loop', async () => {
      for await (const value of work[method]()) {
        if (value === 1) break;
      }
      expect(ended()).toHaveLength(1);
      expect(exporter.getFinishedSpans()[0]?.status.code).toBe(SpanStatusCode.UNSET);
    });

    it('records an exception of the generator, and one that the consumer throws into it', async () => {
      await expect(async () => {
        for await (const value of work[method](1)) seen.push(String(value));
      }).rejects.toThrow(/^(page|number)$/);
      const iterator = work[method]();
      await iterator.next();
      await expect(async () => iterator.throw(new Error('outside'))).rejects.toThrow('outside');
      expect(exporter.getFinishedSpans().map((span) => span.status.code)).toEqual([2, 2]);
    });

    it('makes no span if the generator never runs', async () => {
      const iterator = work[method]();
      await iterator.return('early');
      expect(ended()).toEqual([]);
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    });
  });

  it('keeps the iterator helpers', () => {
    const numbers = work.numbers() as unknown as {
      map(change: (value: number) => number): Iterable<number>;
    };
    expect(Array.from(numbers.map((value) => value * 2))).toEqual([0, 2, 4]);
    expect(ended()).toHaveLength(1);
    expect(seen[2]).toBe(ended()[0]);
  });

  it('follows an async iterator that is no generator and has no return()', async () => {
    class Ticker implements AsyncIterator<number> {
      #ticks = 0;
      async next(): Promise<IteratorResult<number>> {
        return { done: false, value: this.#ticks++ };
      }
      ticks(): number {
        return this.#ticks;
      }
      [Symbol.asyncIterator](): this {
        return this;
      }
    }
    const ticker = work.give(new Ticker());
    for await (const value of ticker) if (value === 2) break;
    expect(ticker.ticks()).toBe(3);
    expect(ended()).toHaveLength(1);
  });

  describe('thenables', () => {
    class Query {
      runs = 0;
      limit = Infinity;
      take(limit: number): this {
        this.limit = limit;
        return this;
      }
      // eslint-disable-next-line unicorn/no-thenable -- query builders have this method
      then(
        resolve: (value: string) => unknown,
        reject?: (error: unknown) => unknown,
      ): Promise<unknown> {
        this.runs += 1;
        seen.push(activeSpanId());
        const run = async (): Promise<string> => {
          await tick();
          if (this.limit === 0) throw new Error('empty');
          return `${this.limit} rows`;
        };
        return run().then(resolve, reject);
      }
    }

    it('ends the span with the answer, and does not run the query by itself', async () => {
      const query = new Query();
      const result = work.give(query);
      expect(result).toBe(query);
      await tick();
      expect(query.runs).toBe(0);
      expect(await result.take(2)).toBe('2 rows');
      expect(query.runs).toBe(1);
      expect(ended()).toEqual(seen);
      expect(activeSpanId()).toBeUndefined();
    });

    it('records the failure of the query', async () => {
      await expect((async () => work.give(new Query().take(0)))()).rejects.toThrow('empty');
      expect(exporter.getFinishedSpans()[0]?.status.message).toBe('empty');
    });
  });
});
