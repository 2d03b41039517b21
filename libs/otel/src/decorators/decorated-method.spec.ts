import 'reflect-metadata';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Injectable,
  Module,
  Param,
  ParseIntPipe,
  Post,
  Query,
  Sse,
  UseGuards,
  SetMetadata,
} from '@nestjs/common';
import type { CanActivate, ExecutionContext, INestApplication, Type } from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import {
  ApiBody,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiQuery,
  ApiTags,
  DocumentBuilder,
  SwaggerModule,
} from '@nestjs/swagger';
import { of } from 'rxjs';
import type { Observable } from 'rxjs';
import { Counted } from './counted.decorator.js';
import { Span } from './span.decorator.js';
import { Timed } from './timed.decorator.js';

class Order {
  @ApiProperty() id!: number;
  @ApiProperty({ required: false }) note?: string;
}

@Injectable()
class RolesGuard implements CanActivate {
  readonly #reflector: Reflector;
  constructor(reflector: Reflector) {
    this.#reflector = reflector;
  }
  canActivate(context: ExecutionContext): boolean {
    return this.#reflector.get<boolean | undefined>('public', context.getHandler()) ?? false;
  }
}

const nothing = (): MethodDecorator => () => undefined;
interface Ours {
  above: () => MethodDecorator;
  below: () => MethodDecorator;
}

/** Makes the same controller with our decorators above the others, below them, or without ours. */
const controllerWith = ({ above, below }: Ours): Type => {
  @ApiTags('orders')
  @Controller('orders')
  class OrdersController {
    readonly #prefix = 'order';

    @above()
    @ApiOperation({ summary: 'One order' })
    @ApiParam({ name: 'id', type: Number })
    @ApiQuery({ name: 'verbose', required: false })
    @ApiHeader({ name: 'x-tenant' })
    @ApiOkResponse({ type: Order })
    @SetMetadata('public', true)
    @UseGuards(RolesGuard)
    @HttpCode(203)
    @Get(':id')
    @below()
    one(@Param('id', ParseIntPipe) id: number, @Query('verbose') verbose?: string): unknown {
      return { id, prefix: this.#prefix, verbose };
    }

    @above()
    @ApiBody({ type: Order })
    @UseGuards(RolesGuard)
    @Post()
    @below()
    async create(@Body() order: Order): Promise<Order> {
      return order;
    }

    @above()
    @SetMetadata('public', true)
    @UseGuards(RolesGuard)
    @Sse('live/events')
    @below()
    events(): Observable<{ data: string }> {
      return of({ data: 'one' }, { data: 'two' });
    }
  }
  return OrdersController;
};

const appWith = async (controller: Type): Promise<INestApplication> => {
  @Module({ controllers: [controller] })
  class AppModule {}
  return NestFactory.create(AppModule, { logger: false });
};

const documentOf = (app: INestApplication): unknown =>
  SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('spec').build());

describe('decorated controllers', () => {
  const all = (): MethodDecorator => (target, key, descriptor) => {
    for (const decorator of [Span(), Counted(), Timed()]) decorator(target, key, descriptor);
  };
  const apps: INestApplication[] = [];
  const start = async (ours: Ours): Promise<INestApplication> => {
    const app = await appWith(controllerWith(ours));
    apps.push(app);
    return app;
  };
  afterAll(() => Promise.all(apps.map((app) => app.close())));

  it.each([
    ['above', { above: all, below: nothing }],
    ['below', { above: nothing, below: all }],
  ])('have the same Swagger document and behaviour, decorators %s', async (_where, ours) => {
    const bare = await start({ above: nothing, below: nothing });
    const decorated = await start(ours);
    const document = documentOf(decorated) as { paths: Record<string, unknown> };
    expect(document).toEqual(documentOf(bare));
    expect(Object.keys(document.paths)).toEqual(['/orders/{id}', '/orders', '/orders/live/events']);

    await decorated.listen(0, '127.0.0.1');
    const url = `${await decorated.getUrl()}/orders`;
    const one = await fetch(`${url}/7?verbose=yes`);
    expect(one.status).toBe(203);
    expect(await one.json()).toEqual({ id: 7, prefix: 'order', verbose: 'yes' });
    expect((await fetch(`${url}/seven`)).status).toBe(400);
    expect((await fetch(url, { method: 'POST' })).status).toBe(403);
    const events = await fetch(`${url}/live/events`);
    expect(await events.text()).toContain('data: two');
  });

  it('keep name, length, kind and metadata of their methods', () => {
    const look = (type: Type): unknown =>
      Object.getOwnPropertyNames(type.prototype).map((name) => {
        const method = (type.prototype as Record<string, Function>)[name] ?? Object;
        return {
          name: method.name,
          length: method.length,
          tag: Object.prototype.toString.call(method),
          kind: Object.getPrototypeOf(method) === Function.prototype,
          own: Reflect.ownKeys(method),
          metadata: (Reflect.getOwnMetadataKeys(method) as unknown[]).map((key) => [
            key,
            Reflect.getOwnMetadata(key, method),
          ]),
        };
      });
    const sorted = (type: Type): unknown =>
      JSON.parse(
        JSON.stringify(look(type), (key, value: unknown) =>
          key === 'metadata'
            ? (value as [string, unknown][]).toSorted(([a], [b]) => a.localeCompare(b))
            : value,
        ),
      );
    const bare = sorted(controllerWith({ above: nothing, below: nothing }));
    expect(sorted(controllerWith({ above: all, below: nothing }))).toEqual(bare);
    expect(sorted(controllerWith({ above: nothing, below: all }))).toEqual(bare);
    expect(JSON.stringify(bare)).toContain('[object AsyncFunction]');
  });

  it('keep properties that other decorators set on a method, and are no constructors', () => {
    const tag = Symbol('tag');
    const hang: MethodDecorator = (_target, _key, descriptor) =>
      void Object.assign(descriptor.value as object, { [tag]: 1 });
    class Some {
      @Span()
      @hang
      run(): void {}
    }
    const run = Reflect.get(Some.prototype, 'run') as Function;
    expect(run).toHaveProperty([tag], 1);
    expect(() => Reflect.construct(run, [])).toThrow('not a constructor');
  });
});
