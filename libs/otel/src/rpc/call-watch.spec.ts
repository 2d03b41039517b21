import { jest } from '@jest/globals';
import { Catch, Controller, Inject, Scope, UseFilters, UseGuards } from '@nestjs/common';
import type { CanActivate, ExceptionFilter } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { GrpcMethod, GrpcStreamMethod, RpcException } from '@nestjs/microservices';
import { SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { Observable, Subject, throwError } from 'rxjs';
import { recordTelemetry } from '@nestlens/testing';
import { AsyncContextManager } from '../context/async-context-manager.js';
import { drive } from './fixtures/drive.js';
import type { Ended } from './fixtures/drive.js';
import { bareClient, OutOfPaper, startShop } from './fixtures/shop.js';
import type { Order, ShopOptions } from './fixtures/shop.js';
import { Telemetry } from './fixtures/telemetry.js';

const telemetry = new Telemetry(() =>
  recordTelemetry({ contextManager: new AsyncContextManager() }),
);
const isServer = (span: ReadableSpan): boolean => span.kind === SpanKind.SERVER;

beforeAll(() => telemetry.start());
afterEach(() => telemetry.reset());
afterAll(() => telemetry.stop());

const exceptionsOf = (span: ReadableSpan): unknown[] =>
  span.events.map(({ attributes }) => ({
    type: attributes?.['exception.type'],
    message: attributes?.['exception.message'],
    isWithStack: String(attributes?.['exception.stacktrace']).includes('call-watch.spec.ts'),
  }));

const noPaper = [{ type: 'OutOfPaper', message: 'no paper here', isWithStack: true }];
const fail = (): never => {
  throw new OutOfPaper('no paper here');
};

/** Serves `controllers` for one call of `Get`, and returns its span and its end. */
const callOnce = async (given: ShopOptions): Promise<{ span: ReadableSpan; ended: Ended }> => {
  const shop = await startShop(given);
  const client = bareClient(shop.port);
  const ended = await drive(client, 'Get', 'ok').ended;
  const span = await telemetry.endedOne(isServer);
  client.close();
  await shop.close();
  return { span, ended };
};

@Controller()
class Plain {
  @GrpcMethod('Orders', 'Get')
  get(): Promise<Order> {
    return Promise.reject(new OutOfPaper('no paper here'));
  }
}

@Controller({ scope: Scope.REQUEST })
class PerRequest {
  @GrpcMethod('Orders', 'Get')
  get(): Order {
    return fail();
  }
}

@Controller({ scope: Scope.REQUEST })
class NeverMade {
  constructor(@Inject('REFUSED') readonly refused: unknown) {}

  @GrpcMethod('Orders', 'Get')
  get(): Order {
    return { id: '' };
  }
}

class Base {
  @GrpcMethod('Orders', 'Get')
  get(): Observable<Order> {
    return throwError(() => new OutOfPaper('no paper here'));
  }
}

@Controller()
class Inherited extends Base {}

@Catch(OutOfPaper)
class ToDataLoss implements ExceptionFilter {
  catch(): Observable<never> {
    return throwError(() => ({ code: 15, message: 'from a filter' }));
  }
}

@Controller()
class FilteredMethod {
  @GrpcMethod('Orders', 'Get')
  @UseFilters(ToDataLoss)
  get(): Order {
    return fail();
  }
}

@Controller()
@UseFilters(ToDataLoss)
class FilteredClass extends Base {}

@Catch(RpcException)
class OnlyStatus implements ExceptionFilter {
  catch(): Observable<never> {
    return throwError(() => ({ code: 13, message: 'never' }));
  }
}

@Controller()
@UseFilters(OnlyStatus)
class FilteredTwice {
  @GrpcMethod('Orders', 'Get')
  @UseFilters(OnlyStatus)
  get(): Order {
    return fail();
  }
}

class Throws implements CanActivate {
  canActivate(): boolean {
    return fail();
  }
}

@Controller()
@UseGuards(Throws)
class Guarded extends Base {}

const KINDS = ['standalone', 'hybrid', 'hybrid-inheriting'] as const;

describe.each(KINDS)('an exception of a handler in a %s app', (kind) => {
  it.each([
    ['of a promise', Plain, 2],
    ['of a controller for each request', PerRequest, 2],
    ['of an inherited method with an Observable', Inherited, 2],
    ['if a filter of the method answers', FilteredMethod, 15],
    ['if a filter of the class answers', FilteredClass, 15],
    ['past filters of method and class that do not match', FilteredTwice, 2],
    ['of a guard', Guarded, 2],
  ])('is recorded on the span with type, message and stack: %s', async (_, controller, code) => {
    const { span, ended } = await callOnce({ kind, controllers: [controller] });
    expect(ended.code).toBe(code);
    expect(exceptionsOf(span)).toEqual(noPaper);
  });

  it('is recorded on the span if the controller of a request cannot be made', async () => {
    const providers = [{ provide: 'REFUSED', scope: Scope.REQUEST, useFactory: fail }];
    const { span } = await callOnce({ kind, controllers: [NeverMade], providers });
    expect(exceptionsOf(span)).toEqual(noPaper);
  });
});

it('an exception is recorded on the span if a global filter answers', async () => {
  const providers = [{ provide: APP_FILTER, useClass: ToDataLoss }];
  const { span, ended } = await callOnce({ controllers: [Plain], providers });
  expect(ended).toMatchObject({ code: 15, details: 'from a filter' });
  expect(exceptionsOf(span)).toEqual(noPaper);
});

describe('a source that many calls share', () => {
  const source = new Subject<Order>();
  @Controller()
  class Shared {
    @GrpcMethod('Orders', 'Watch')
    watch(): Observable<Order> {
      return source;
    }

    @GrpcMethod('Orders', 'Get')
    async get(): Promise<Observable<Order>> {
      await Promise.resolve();
      return source;
    }

    @GrpcStreamMethod('Orders', 'Upload')
    upload(): Promise<Order> {
      // All the others fail within this call, which succeeds.
      source.error(new OutOfPaper('no paper here'));
      return Promise.resolve({ id: 'done' });
    }
  }

  it('fails in the context of one call, and is the exception of those that it fails', async () => {
    const shop = await startShop({ controllers: [Shared] });
    const client = bareClient(shop.port);
    const subscribe = jest.spyOn(source, 'subscribe');
    const real = subscribe.getMockImplementation()!;
    const subscribed = new Promise<void>((resolve) => {
      subscribe.mockImplementation((...args: Parameters<typeof real>) => {
        if (subscribe.mock.calls.length === 4) resolve();
        return Reflect.apply(real, source, args);
      });
    });
    const failing = [
      drive(client, 'Watch', 'ok').ended,
      drive(client, 'Watch', 'ok').ended,
      drive(client, 'Get', 'ok').ended,
      drive(client, 'Get', 'ok').ended,
    ];
    await subscribed;
    expect((await drive(client, 'Upload', 'ok').ended).code).toBe(0);
    expect((await Promise.all(failing)).map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    const spans = await telemetry.ended(isServer, 5);
    for (const span of spans) {
      expect(exceptionsOf(span)).toEqual(span.name.endsWith('/Upload') ? [] : noPaper);
    }
    client.close();
    await shop.close();
  });
});

/** The methods of a controller that have an interceptor. */
const intercepted = (controller: { readonly prototype: object }): string[] =>
  Object.entries(Object.getOwnPropertyDescriptors(controller.prototype))
    .filter(([, { value }]) => Reflect.hasMetadata('__interceptors__', value as object))
    .map(([name]) => name);

it('gives an interceptor to handlers of Observables only, and one however many apps have them', async () => {
  @Controller()
  class Mixed {
    @GrpcMethod('Orders', 'Get')
    promise(): Promise<Order> {
      return Promise.resolve({ id: '' });
    }

    @GrpcMethod('Orders', 'Watch')
    observable(): Observable<Order> {
      return throwError(fail);
    }

    @GrpcStreamMethod('Orders', 'Upload')
    plain(): { id: string } {
      return { id: '' };
    }

    @GrpcStreamMethod('Orders', 'Chat')
    untyped() {
      return throwError(fail);
    }
  }
  for (const kind of KINDS) await callOnce({ kind, controllers: [Mixed] });
  expect(intercepted(Mixed)).toEqual(['observable', 'untyped']);
  const descriptor = Object.getOwnPropertyDescriptor(Mixed.prototype, 'observable');
  expect(Reflect.getMetadata('__interceptors__', descriptor?.value as object)).toHaveLength(1);
  expect(Reflect.hasMetadata('__interceptors__', Mixed)).toBe(false);
});
