import 'reflect-metadata';
import { Controller, Get, Header, Injectable, Query } from '@nestjs/common';
import { HEADERS_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { recordTelemetry } from '@nestlens/testing';
import type { RecordedTelemetry } from '@nestlens/testing';
import { Counted } from './counted.decorator.js';
import { Span } from './span.decorator.js';
import { Traceable } from './traceable.decorator.js';

const KEY = Symbol('by symbol');
class Part {
  readonly is = 'part';
}

class Base {
  inherited(): string {
    return 'inherited';
  }
}

@Injectable()
@Traceable({ exclude: ['left'] })
class Orders extends Base {
  readonly #rate = 2;
  property = (): number => 1;

  constructor(readonly seed = 1) {
    super();
  }
  get rate(): number {
    return this.#rate;
  }
  set rate(_value: number) {}
  static all(): number {
    return 0;
  }
  [KEY](): number {
    return 1;
  }
  left(): number {
    return 1;
  }
  plain(by: number): number {
    return this.seed * this.#rate * by;
  }
  async promised(): Promise<number> {
    return this.plain(3);
  }
  *counted(): Generator<number> {
    yield 1;
  }
  @Span('named', { attributes: { kind: 'own' } })
  spanned(): void {}
  @Counted('orders.calls')
  @Span()
  both(): void {}
  @Counted('orders.calls')
  countedOnly(): void {}
}

describe('@Traceable', () => {
  let recorded: RecordedTelemetry;
  beforeEach(() => {
    recorded = recordTelemetry();
  });
  afterEach(() => recorded.restore());
  const names = (): readonly string[] => recorded.finishedSpans().map(({ name }) => name);

  it('gives each own method a span as @Span does, and does not change its result', async () => {
    const orders = new Orders(5);
    expect(await orders.promised()).toBe(30);
    expect([...orders.counted()]).toEqual([1]);
    orders.countedOnly();
    expect(names()).toEqual([
      'Orders.plain',
      'Orders.promised',
      'Orders.counted',
      'Orders.countedOnly',
    ]);
    const [plain, promised] = recorded.finishedSpans();
    expect(plain?.parentSpanContext?.spanId).toBe(promised?.spanContext().spanId);
    expect(plain?.attributes).toEqual({ 'code.function.name': 'Orders.plain' });
  });

  it('makes no span for accessors, static, symbol, inherited or excluded methods, or properties', () => {
    const orders = new Orders();
    orders.rate = orders.rate + Orders.all() + orders[KEY]() + orders.property();
    expect([orders.inherited(), orders.left()]).toEqual(['inherited', 1]);
    expect(names()).toEqual([]);
    const prototype = Orders.prototype as object;
    expect(Object.getOwnPropertyDescriptor(prototype, 'plain')).toMatchObject({
      configurable: true,
      enumerable: false,
      writable: true,
    });
  });

  it('adds no second span if a method has one already, or if it is applied twice', () => {
    Traceable()(Orders);
    const orders = new Orders();
    orders.spanned();
    orders.both();
    orders.plain(1);
    expect(names()).toEqual(['named', 'Orders.both', 'Orders.plain']);
    expect(recorded.finishedSpans()[0]?.attributes).toMatchObject({ kind: 'own' });
  });

  it('does not wrap classes or methods that cannot be replaced', () => {
    class Holder {
      method(): void {}
    }
    const frozen = (): void => {};
    Object.defineProperties(Holder.prototype, {
      Part: { value: Part, configurable: true },
      frozen: { value: frozen },
    });
    Traceable()(Holder);
    const holder = new Holder() as Holder & { Part: typeof Part; frozen: unknown };
    expect(new holder.Part()).toBeInstanceOf(Part);
    expect(holder.frozen).toBe(frozen);
    holder.method();
    expect(names()).toEqual(['Holder.method']);
  });

  it('keeps the name, length and metadata of a method', () => {
    class Plain {
      @Get('all')
      @Header('x-kind', 'orders')
      list(@Query('page') page: string): string {
        return page;
      }
    }
    const listOf = (target: typeof Plain): Function =>
      Object.getOwnPropertyDescriptor(target.prototype, 'list')?.value as Function;
    const list = listOf(Plain);
    Controller('orders')(Plain);
    Traceable()(Plain);
    const traced = listOf(Plain);
    expect(traced).not.toBe(list);
    expect([traced.name, traced.length]).toEqual(['list', 1]);
    for (const key of [PATH_METADATA, HEADERS_METADATA]) {
      expect(Reflect.getMetadata(key, traced)).toBe(Reflect.getMetadata(key, list));
      expect(Reflect.getMetadata(key, traced)).toBeDefined();
    }
    expect(Reflect.getMetadata(ROUTE_ARGS_METADATA, Plain, 'list')).toBeDefined();
  });

  it.each(['lefft', 'inherited', 'rate', 'all', 'constructor'])(
    'refuses to exclude %s, which is no own method',
    (name) => {
      class Typo extends Base {
        left(): void {}
        get rate(): number {
          return 1;
        }
        static all(): void {}
      }
      expect(() => Traceable({ exclude: ['left', name] })(Typo)).toThrow(
        `@Traceable on Typo excludes ${name}, which it does not define as a method`,
      );
    },
  );
});
