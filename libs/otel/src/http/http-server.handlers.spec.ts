import { AsyncResource } from 'node:async_hooks';
import {
  All,
  Controller,
  Get,
  Injectable,
  Module,
  RequestMethod,
  Scope,
  UseGuards,
  Version,
  VersioningType,
} from '@nestjs/common';
import type { CanActivate, INestApplication } from '@nestjs/common';
import { ApplicationConfig, RouterModule } from '@nestjs/core';
import { trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { platforms, startHttpApp } from './fixtures/http-app.js';
import type { HttpApp, HttpAppParts } from './fixtures/http-app.js';
import { HandlerGuard } from './handler.guard.js';

const activeSpan = (): string => trace.getActiveSpan()?.spanContext().spanId ?? 'none';

@Injectable()
class Refusing implements CanActivate {
  // oxlint-disable-next-line typescript/class-methods-use-this
  canActivate(): boolean {
    return false;
  }
}

class Listing {
  @Get('list')
  list(): string {
    return activeSpan();
  }
}

@Controller('cats')
class CatsController extends Listing {
  @Get(['one', 'two/:n'])
  several(): string {
    return 'several';
  }

  @All('any')
  any(): string {
    return 'any';
  }

  @Get('files/*')
  files(): string {
    return 'files';
  }

  @Get('refused')
  @UseGuards(Refusing)
  refused(): string {
    return 'refused';
  }
}

@Controller({ path: ['dogs', 'hounds'], scope: Scope.REQUEST })
class DogsController extends Listing {}

@Controller({ path: 'birds', version: '1' })
class BirdsController {
  @Get()
  first(): string {
    return 'first';
  }

  @Version('2')
  @Get()
  second(): string {
    return 'second';
  }
}

@Controller({ path: 'hosts', host: 'a.test' })
class HostA {
  @Get()
  a(): string {
    return 'a';
  }
}

@Controller('users')
class UsersController {
  @Get(':id')
  user(): string {
    return 'user';
  }
}

@Module({ controllers: [UsersController] })
class UsersModule {}

const handlerOf = ({ attributes }: ReadableSpan): unknown[] => [
  attributes['http.route'],
  attributes['code.function.name'],
  attributes['nestjs.controller'],
  attributes['nestjs.callback'],
];

const hasGuard = (app: INestApplication): boolean =>
  app
    .get(ApplicationConfig)
    .getGlobalGuards()
    .some((guard) => guard instanceof HandlerGuard);

describe.each(platforms)('the handler of a request on %s', (_name, makeAdapter) => {
  let http: HttpApp;

  const start = async (parts: HttpAppParts): Promise<void> => {
    http = await startHttpApp(makeAdapter, parts);
  };
  const spanOf = async (path: string, init: RequestInit = {}): Promise<ReadableSpan> => {
    await http.telemetry.reset();
    await (await fetch(http.url + path, init)).text();
    const [span] = await http.telemetry.waitForSpans(1);
    return span!;
  };
  afterEach(() => http.close());

  it.each([
    ['/cats/list', '/cats/list', 'CatsController.list'],
    ['/dogs/list', '/dogs/list', 'DogsController.list'],
    ['/hounds/list', '/hounds/list', 'DogsController.list'],
    ['/cats/one', '/cats/one', 'CatsController.several'],
    ['/cats/two/2', '/cats/two/:n', 'CatsController.several'],
    ['/cats/any', '/cats/any', 'CatsController.any'],
    ['/cats/files/a/b', '/cats/files/*', 'CatsController.files'],
    ['/cats/refused', '/cats/refused', 'CatsController.refused'],
    ['/admin/users/7', '/admin/users/:id', 'UsersController.user'],
    ['/cats/nowhere', undefined, undefined],
  ])('that answers %s is told without a guard', async (path, route, name) => {
    await start({
      controllers: [CatsController, DogsController],
      imports: [UsersModule, RouterModule.register([{ path: 'admin', module: UsersModule }])],
    });
    expect(hasGuard(http.app)).toBe(false);
    const [controller, callback] = name?.split('.') ?? [];
    expect(handlerOf(await spanOf(path))).toEqual([route, name, controller, callback]);
  });

  it('is told below a prefix, with versions in the path', async () => {
    await start({
      controllers: [CatsController, BirdsController],
      prepare: (app) => {
        app.setGlobalPrefix('api', { exclude: [{ path: 'cats/one', method: RequestMethod.GET }] });
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: ['3', '4'] });
      },
    });
    expect(hasGuard(http.app)).toBe(false);
    const names = [];
    for (const path of ['/api/v1/birds', '/api/v2/birds', '/v4/cats/one', '/api/v3/cats/list']) {
      names.push(handlerOf(await spanOf(path)).slice(0, 2));
    }
    expect(names).toEqual([
      ['/api/v1/birds', 'BirdsController.first'],
      ['/api/v2/birds', 'BirdsController.second'],
      ['/v4/cats/one', 'CatsController.several'],
      ['/api/v3/cats/list', 'CatsController.list'],
    ]);
  });

  it('is told by a guard where only a header says which of two it is', async () => {
    await start({
      controllers: [CatsController, BirdsController],
      prepare: (app) => app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
    });
    expect(hasGuard(http.app)).toBe(true);
    const birds = async (version: string): Promise<unknown> =>
      (await spanOf('/birds', { headers: { 'x-version': version } })).attributes[
        'code.function.name'
      ];
    expect([await birds('1'), await birds('2'), await birds('3')]).toEqual([
      'BirdsController.first',
      'BirdsController.second',
      undefined,
    ]);
    expect(handlerOf(await spanOf('/cats/refused'))[1]).toBe('CatsController.refused');
  });

  it('is none where the host is not that of its controller', async () => {
    await start({ controllers: [HostA] });
    expect(hasGuard(http.app)).toBe(true);
    expect(handlerOf(await spanOf('/hosts'))[1]).toBeUndefined();
  });

  it('is that of the request, whichever context a middleware goes on in', async () => {
    // A batch: all go on in the context of the last one.
    const waiting: (() => void)[] = [];
    await start({
      controllers: [CatsController, DogsController],
      configure: (consumer) =>
        consumer
          .apply((_req: unknown, _res: unknown, next: () => void) => {
            waiting.push(next);
            if (waiting.length === 4) for (const go of waiting.splice(0)) go();
          })
          .forRoutes(CatsController, DogsController),
    });
    const paths = ['/cats/list', '/dogs/list', '/cats/list', '/hounds/list'];
    const answers = await Promise.all(
      paths.map(async (path) => [path, await (await fetch(http.url + path)).text()]),
    );
    const spans = await http.telemetry.waitForSpans(4);
    const found = spans.map((span) =>
      [span.attributes['url.path'], span.spanContext().spanId, ...handlerOf(span).slice(0, 2)].join(
        ' ',
      ),
    );
    const handlers: Record<string, string> = { '/cats/list': 'CatsController.list' };
    const wanted = answers.map(([path = '', id]) =>
      [path, id, path, handlers[path] ?? 'DogsController.list'].join(' '),
    );
    expect(new Set(found)).toEqual(new Set(wanted));
    expect(new Set(found).size).toBe(4);
  });

  it('goes to no other request where that of its own is ignored', async () => {
    const outside = new AsyncResource('outside');
    await start({
      controllers: [CatsController, DogsController],
      http: { ignore: ['/dogs*'] },
      configure: (consumer) =>
        consumer
          .apply((_req: unknown, _res: unknown, next: () => void) => outside.runInAsyncScope(next))
          .forRoutes(CatsController, DogsController),
    });
    await fetch(`${http.url}/dogs/list`);
    expect(handlerOf(await spanOf('/cats/list'))[1]).toBe('CatsController.list');
    expect(http.telemetry.finishedSpans()).toHaveLength(1);
    expect(http.inFlight.count).toBe(0);
  });
});
