import { jest } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { ApplicationConfig, NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import type { GrpcOptions } from '@nestjs/microservices';
import { Observable } from 'rxjs';
import { HealthController, RpcModule, serverOptions } from './fixtures/shop.js';

describe('an app that serves HTTP and gRPC', () => {
  @Controller()
  class Pages {
    @Get('plain')
    plain(): string {
      return 'plain';
    }

    @Get('observable')
    observable(): Observable<string> {
      return new Observable((subscriber) => {
        subscriber.next('observable');
        subscriber.complete();
      });
    }
  }

  @Module({ imports: [RpcModule.of()], controllers: [Pages, HealthController] })
  class AppModule {}

  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    app = await NestFactory.create(AppModule, { logger: false });
    app.connectMicroservice<GrpcOptions>(
      { transport: Transport.GRPC, options: serverOptions },
      { inheritAppConfig: true },
    );
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });

  afterAll(() => app.close());

  const subscriptionsOf = async (path: string): Promise<number> => {
    const subscribe = jest.spyOn(Observable.prototype, 'subscribe');
    const response = await fetch(`${url}/${path}`);
    expect(await response.text()).toBe(path);
    const count = subscribe.mock.calls.length;
    subscribe.mockRestore();
    return count;
  };

  it('builds no Observable for a request', async () => {
    expect(await subscriptionsOf('plain')).toBe(0);
    expect(await subscriptionsOf('observable')).toBeGreaterThan(0);
  });

  it('gives no handler of HTTP an interceptor', () => {
    const config = app.get(ApplicationConfig);
    expect(config.getGlobalInterceptors()).toEqual([]);
    expect(config.getGlobalRequestInterceptors()).toEqual([]);
    expect(Reflect.hasMetadata('__interceptors__', Pages)).toBe(false);
    for (const [, { value }] of Object.entries(Object.getOwnPropertyDescriptors(Pages.prototype))) {
      expect(Reflect.hasMetadata('__interceptors__', value as object)).toBe(false);
    }
  });
});
