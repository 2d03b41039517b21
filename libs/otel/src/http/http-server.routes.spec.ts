import {
  All,
  Controller,
  Get,
  Module,
  NotFoundException,
  Param,
  Post,
  RequestMethod,
  Version,
  VersioningType,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { platforms, startHttpApp } from './fixtures/http-app.js';
import type { HttpApp } from './fixtures/http-app.js';

@Controller('cats')
class CatsController {
  @Post()
  create(): string {
    return 'made';
  }

  @All('any')
  any(): string {
    return 'any';
  }

  @Get(['first', 'second/:n'])
  both(): string {
    return 'both';
  }

  @Get('files/*')
  files(): string {
    return 'file';
  }

  @Version('2')
  @Get('versioned')
  versioned(): string {
    return 'v2';
  }

  @Get(':id')
  one(@Param('id') id: string): string {
    if (id === 'none') throw new NotFoundException();
    return id;
  }
}

@Controller()
class RootController {
  @Get()
  home(): string {
    return 'home';
  }

  @Get('excluded')
  excluded(): string {
    return 'excluded';
  }
}

@Controller('users')
class UsersController {
  @Get()
  list(): string[] {
    return [];
  }
}

@Module({ controllers: [UsersController] })
class UsersModule {}

const controllers = [CatsController, RootController];

describe.each(platforms)('the route of a server span on %s', (_name, makeAdapter) => {
  let http: HttpApp;

  const spanOf = async (path: string, init: RequestInit = {}): Promise<ReadableSpan> => {
    await http.telemetry.reset();
    const response = await fetch(http.url + path, init);
    await response.text();
    const [span] = await http.telemetry.waitForSpans(1);
    return span!;
  };

  afterEach(() => http.close());

  it.each([
    ['/cats/7', 'GET', '/cats/:id'],
    ['/cats/7?sort=asc', 'GET', '/cats/:id'],
    ['/cats', 'POST', '/cats'],
    ['/cats/any', 'PUT', '/cats/any'],
    ['/cats/first', 'GET', '/cats/first'],
    ['/cats/second/2', 'GET', '/cats/second/:n'],
    ['/cats/7', 'HEAD', '/cats/:id'],
    ['/cats/none', 'GET', '/cats/:id'],
    ['/', 'GET', '/'],
  ])('is, for %s with %s, %s', async (path, method, route) => {
    http = await startHttpApp(makeAdapter, { controllers });
    const span = await spanOf(path, { method });
    expect(span.name).toBe(`${method} ${route}`);
    expect(span.attributes).toMatchObject({ 'http.route': route, 'url.path': path.split('?')[0] });
  });

  it('has the prefix and the URI version, and honours the exclusions of the prefix', async () => {
    http = await startHttpApp(makeAdapter, {
      controllers,
      prepare: (app) => {
        app.setGlobalPrefix('api', { exclude: [{ path: 'excluded', method: RequestMethod.GET }] });
        app.enableVersioning({ type: VersioningType.URI });
      },
    });
    expect((await spanOf('/api/v2/cats/versioned')).name).toBe('GET /api/v2/cats/versioned');
    expect((await spanOf('/api/cats/7')).name).toBe('GET /api/cats/:id');
    expect((await spanOf('/excluded')).name).toBe('GET /excluded');
    expect((await spanOf('/api')).name).toMatch(/^GET \/api\/?$/);
  });

  it('does not depend on a version in a header', async () => {
    http = await startHttpApp(makeAdapter, {
      controllers,
      prepare: (app) => app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
    });
    const span = await spanOf('/cats/versioned', { headers: { 'x-version': '2' } });
    expect(span.name).toBe('GET /cats/versioned');
    expect(span.attributes['http.response.status_code']).toBe(200);
  });

  it('has the path that RouterModule gives', async () => {
    http = await startHttpApp(makeAdapter, {
      imports: [UsersModule, RouterModule.register([{ path: 'admin', module: UsersModule }])],
    });
    expect((await spanOf('/admin/users')).name).toBe('GET /admin/users');
  });

  it('is missing for a path that no route takes', async () => {
    http = await startHttpApp(makeAdapter, {
      controllers,
      prepare: (app) => app.setGlobalPrefix('api'),
    });
    for (const path of ['/nowhere', '/api/nowhere', '/api/cats/1/2/3']) {
      const span = await spanOf(path);
      expect(span.name).toBe('GET');
      expect(span.attributes).not.toHaveProperty('http.route');
      expect(span.attributes['http.response.status_code']).toBe(404);
      expect(span.status.code).toBe(0);
    }
  });

  it('is that of the platform if the route is not one of Nest', async () => {
    http = await startHttpApp(makeAdapter, {
      controllers,
      prepare: (app) => {
        const instance = app.getHttpAdapter().getInstance() as {
          get(
            path: string,
            handler: (req: unknown, res: { send(body: string): void }) => void,
          ): void;
        };
        instance.get('/raw/:id', (_req, res) => res.send('raw'));
      },
    });
    expect((await spanOf('/raw/1')).name).toBe('GET /raw/:id');
  });

  it('is that of a plugin, and the span has the exception that the plugin throws', async () => {
    http = await startHttpApp(makeAdapter, {
      controllers,
      prepare: (app) => {
        const instance = app.getHttpAdapter().getInstance() as {
          get(path: string, handler: () => void): void;
          register?(plugin: (nested: unknown, options: unknown, done: () => void) => void): void;
        };
        const add = (to: unknown): void =>
          (to as typeof instance).get('/plugin/:id', () => {
            throw new RangeError('broken');
          });
        if (instance.register === undefined) add(instance);
        else {
          instance.register((nested, _options, done) => {
            add(nested);
            done();
          });
        }
      },
    });
    const span = await spanOf('/plugin/1');
    expect(span.name).toBe('GET /plugin/:id');
    expect(span.attributes['error.type']).toBe('RangeError');
    expect(span.events.map(({ name }) => name)).toEqual(['exception']);
  });
});
