import { Controller, Injectable, Module, Scope } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import {
  EventPattern,
  GrpcMethod,
  GrpcService,
  GrpcStreamCall,
  GrpcStreamMethod,
  MessagePattern,
  Transport,
} from '@nestjs/microservices';
import { HandlerTable } from './handler-table.js';

/** A class decorator that decorates methods by name, like those of code generators for gRPC. */
const GeneratedMethods = (target: { prototype: object }): void => {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, 'list')!;
  GrpcMethod('Generated', 'List')(target.prototype, 'list', descriptor);
};

class Base {
  @GrpcMethod('Orders', 'Inherited')
  inherited(): void {}
}

@Controller()
class Orders extends Base {
  @GrpcMethod()
  find(): void {}

  @GrpcMethod('Orders', 'Get')
  renamed(): void {}

  @GrpcMethod('shop.v1.Orders', 'Full')
  full(): void {}

  @GrpcMethod('Inner.Nested', 'Get')
  nested(): void {}

  @GrpcStreamMethod('Orders', 'Upload')
  upload(): void {}

  @GrpcStreamCall('Orders', 'Raw')
  raw(): void {}

  @MessagePattern({ service: 'Orders', rpc: 'Tcp', streaming: 'no_stream' }, Transport.TCP)
  tcp(): void {}

  @EventPattern({ service: 'Orders', rpc: 'Event', streaming: 'no_stream' })
  event(): void {}

  @MessagePattern('text')
  text(): void {}

  plain(): void {}
}

@GrpcService({ scope: Scope.REQUEST })
class PerRequest {
  @GrpcMethod('PerRequest', 'Get')
  get(): void {}
}

@Controller()
@GeneratedMethods
class Generated {
  list(): void {}
}

@Controller()
class HttpOnly {}

@Injectable()
class NoController {
  @GrpcMethod('NoController', 'Get')
  get(): void {}
}

@Module({ controllers: [Orders, PerRequest, Generated, HttpOnly], providers: [NoController] })
class AppModule {}

describe('HandlerTable', () => {
  let app: INestApplicationContext;
  let table: HandlerTable;

  beforeAll(async () => {
    app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    table = new HandlerTable(app.get(ModulesContainer));
  });

  afterAll(() => app.close());

  it.each([
    ['/shop.v1.Orders/Find', false, 'Orders.find'],
    ['/shop.v1.Orders/Get', false, 'Orders.renamed'],
    ['/shop.v1.Orders/Full', false, 'Orders.full'],
    ['/shop.v1.Orders/Inherited', false, 'Orders.inherited'],
    ['/shop.v1.Inner.Nested/Get', false, 'Orders.nested'],
    ['/shop.v1.Orders/Upload', true, 'Orders.upload'],
    ['/shop.v1.Orders/Raw', true, 'Orders.raw'],
    ['/PerRequest/Get', false, 'PerRequest.get'],
    ['/a.b.c.Generated/List', false, 'Generated.list'],
  ])('finds the handler of %s', (path, requestStream, name) => {
    const handler = table.find(path, requestStream);
    expect(`${handler?.controller.name}.${handler?.method}`).toBe(name);
  });

  it.each([
    ['/shop.v1.Orders/Get', true],
    ['/shop.v1.Orders/Upload', false],
    ['/shop.v1.Orders/Tcp', false],
    ['/shop.v1.Orders/Event', false],
    ['/shop.v1.Other/Get', false],
    ['/NoController/Get', false],
    ['/', false],
  ])('finds no handler of %s', (path, requestStream) => {
    expect(table.find(path, requestStream)).toBeUndefined();
  });

  it('lists every method that serves gRPC', () => {
    const names = [...table.all()].map(({ controller, method }) => `${controller.name}.${method}`);
    expect(names.toSorted()).toEqual([
      'Generated.list',
      'Orders.find',
      'Orders.full',
      'Orders.inherited',
      'Orders.nested',
      'Orders.raw',
      'Orders.renamed',
      'Orders.upload',
      'PerRequest.get',
    ]);
  });
});
