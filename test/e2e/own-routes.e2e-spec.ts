import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import {
  All,
  Controller,
  Get,
  Module,
  Post,
  RequestMethod,
  ServiceUnavailableException,
  Version,
  VersioningType,
} from '@nestjs/common';
import type { INestApplication, MiddlewareConsumer, NestModule } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { useLeakCheck } from '@nestlens/testing';
import { Inventory } from '../../libs/otel/src/report/inventory.js';
import { ManagementServer } from '../../libs/otel/src/management/management-server.js';
import { PLATFORMS, ask, createApp, portOf } from './health-app.js';
import type { Platform, RootParts } from './health-app.js';

@Controller('healthz')
class FailingHealth {
  @Get()
  check(): never {
    throw new ServiceUnavailableException('db down');
  }
}

@Controller()
class SeveralPaths {
  @Get(['livez', 'readyz'])
  own(): string {
    return 'own';
  }

  @All('startupz')
  all(): string {
    return 'all';
  }

  @Post('metrics')
  push(): string {
    return 'pushed';
  }
}

@Controller()
class Versioned {
  @Version('2')
  @Get('healthz')
  check(): string {
    return 'v2';
  }
}

@Controller()
class Wild {
  @Get('*')
  page(): string {
    return 'page';
  }

  @Get(':slug')
  slug(): string {
    return 'slug';
  }
}

/** Express comes with the platform, without types. */
const { Router } = createRequire(import.meta.url)('express') as {
  Router: () => { get(path: string, handler: Raw): void };
};

/** The part of Fastify that is used here. */
interface FastifyInstance {
  get(path: string, handler: () => Promise<string>): void;
  register(
    plugin: (instance: FastifyInstance) => Promise<void>,
    options: { prefix: string },
  ): Promise<void>;
}

type Raw = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;

const answering =
  (body: string): Raw =>
  (_req, res) =>
    void res.end(body);

useLeakCheck();

describe.each(PLATFORMS)("the app's own routes on %s", (platform: Platform) => {
  let app: INestApplication;

  afterEach(() => app.close());

  const started = async (
    parts: RootParts = {},
    prepare: (app: INestApplication) => void = () => {},
    options: Parameters<typeof createApp>[1] = {},
  ): Promise<(path: string, method?: string) => Promise<string>> => {
    app = await createApp(
      platform,
      { metrics: { exporters: ['none'], prometheus: true }, ...options },
      parts,
    );
    prepare(app);
    await app.listen(0, '127.0.0.1');
    return async (path, method = 'GET') => {
      const { status, body } = await ask(portOf(app), path, { method });
      return `${status} ${body.slice(0, 20)}`;
    };
  };

  const told = (): Record<string, string> =>
    Object.fromEntries(
      app
        .get(Inventory, { strict: false })
        .items()
        .filter(({ what }) => what.startsWith('GET /'))
        .map((item) => [item.what, item.kind === 'left-out' ? item.why : item.detail]),
    );

  it('win over the probes, and the startup report names the option that moves the probe', async () => {
    const get = await started({ controllers: [FailingHealth] });
    expect(await get('/healthz')).toMatch(/^503 .*db down|^503 {"/);
    expect(await get('/livez')).toBe('200 {"status":"ok"}');
    expect(await get('/readyz')).toMatch(/^200 {"status":"ok"/);
    expect(told()).toEqual({
      'GET /healthz': 'the app answers there itself; health.paths.health moves ours',
    });
  });

  it('win as one of several paths of a handler, and as a handler of all methods', async () => {
    const get = await started({ controllers: [SeveralPaths] });
    expect(await get('/livez')).toBe('200 own');
    expect(await get('/readyz')).toBe('200 own');
    expect(await get('/startupz')).toBe('200 all');
    expect(await get('/healthz')).toBe('200 {"status":"ok"}');
    expect(Object.keys(told())).toEqual(['GET /livez', 'GET /startupz', 'GET /readyz']);
  });

  it('keep other methods on a path where the metrics page takes GET', async () => {
    const get = await started({ controllers: [SeveralPaths] });
    expect(await get('/metrics', 'POST')).toBe('201 pushed');
    expect(await get('/metrics')).toMatch(/^200 # /);
    expect(await get('/metrics', 'HEAD')).toBe('200 ');
  });

  it('win only on the same path: not under a prefix, but if they are excluded from it', async () => {
    const get = await started({ controllers: [FailingHealth, SeveralPaths] }, (made) =>
      made.setGlobalPrefix('api', { exclude: [{ path: 'livez', method: RequestMethod.GET }] }),
    );
    expect(await get('/healthz')).toBe('200 {"status":"ok"}');
    expect(await get('/api/healthz')).toMatch(/^503/);
    expect(await get('/livez')).toBe('200 own');
    expect(Object.keys(told())).toEqual(['GET /livez']);
  });

  it('win for requests with their version in a header, and probes answer requests without one', async () => {
    const get = await started({ controllers: [Versioned] }, (made) =>
      made.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
    );
    const answer = await ask(portOf(app), '/healthz', { headers: { 'x-version': '2' } });
    expect(answer.body).toBe('v2');
    // A probe sends no version, so no handler of the app answers it.
    expect(await get('/healthz')).toBe('200 {"status":"ok"}');
    expect(await get('/healthz', 'POST')).toMatch(/^404/);
    expect(await get('/livez')).toBe('200 {"status":"ok"}');
    expect(Object.keys(told())).toEqual(['GET /healthz']);
  });

  it('with a wildcard or a parameter do not win over the probes', async () => {
    const get = await started({ controllers: [Wild] });
    expect(await get('/healthz')).toBe('200 {"status":"ok"}');
    expect(await get('/metrics')).toMatch(/^200 # /);
    expect(await get('/other')).toMatch(/^200 (page|slug)/);
    expect(told()).toEqual({});
  });

  it('win if they are registered on the platform itself', async () => {
    const get = await started({}, (made) => {
      const instance = made.getHttpAdapter().getInstance() as {
        get(path: string, handler: (req: unknown, res: { send(body: string): void }) => void): void;
      };
      instance.get('/healthz', (_req, res) => res.send('raw'));
    });
    expect(await get('/healthz')).toBe('200 raw');
    expect(Object.keys(told())).toEqual(['GET /healthz']);
  });

  it('do not replace a probe on the management port', async () => {
    const get = await started({ controllers: [FailingHealth] }, undefined, {
      health: { port: 0, host: '127.0.0.1' },
    });
    expect(await get('/healthz')).toMatch(/^503/);
    const { port } = app.get(ManagementServer, { strict: false }).address!;
    expect((await ask(port, '/healthz')).status).toBe(200);
    expect(told()['GET /healthz']).toMatch(/moves ours, and the management port keeps it$/);
  });

  it('win if a module adds them while it starts', async () => {
    @Module({})
    class Late {
      readonly host: HttpAdapterHost;
      constructor(host: HttpAdapterHost) {
        this.host = host;
      }
      onModuleInit(): void {
        this.host.httpAdapter.get('/healthz', (_req: unknown, res: { send(body: string): void }) =>
          res.send('late'),
        );
      }
    }
    Reflect.defineMetadata('design:paramtypes', [HttpAdapterHost], Late);
    const get = await started({ imports: [Late] });
    expect(await get('/healthz')).toBe('200 late');
    expect(Object.keys(told())).toEqual(['GET /healthz']);
  });
});

describe("the app's own middleware on Express", () => {
  let app: INestApplication;

  afterEach(() => app.close());

  const started = async (prepare: (app: INestApplication) => void, parts: RootParts = {}) => {
    app = await createApp('express', { metrics: { exporters: ['none'], prometheus: true } }, parts);
    prepare(app);
    await app.listen(0, '127.0.0.1');
    return async (path: string) => (await ask(portOf(app), path)).body.slice(0, 12);
  };

  it('wins if it is mounted on exactly this path, or in a router without a prefix', async () => {
    const get = await started((made) => {
      made.use('/metrics', answering('mounted'));
      const router = Router();
      router.get('/healthz', answering('router'));
      made.use(router);
      made.use('/elsewhere', answering('elsewhere'));
      const deep = Router();
      deep.get('/livez', answering('deep'));
      made.use('/ops', deep);
    });
    expect(await get('/metrics')).toBe('mounted');
    expect(await get('/healthz')).toBe('router');
    expect(await get('/livez')).toBe('{"status":"o');
    expect(await get('/ops/livez')).toBe('deep');
  });

  it('that passes a request on sees it before the probe answers', async () => {
    const seen: (string | undefined)[] = [];
    const noting: Raw = (req, _res, next) => {
      seen.push((req as { originalUrl?: string }).originalUrl);
      next();
    };
    @Module({})
    class Middleware implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer.apply(noting).forRoutes({ path: 'livez', method: RequestMethod.GET });
      }
    }
    const get = await started((made) => void made.use('/metrics', noting), {
      imports: [Middleware],
    });
    expect(await get('/metrics')).toMatch(/^# /);
    expect(await get('/livez')).toBe('{"status":"o');
    expect(seen).toEqual(['/metrics', '/livez']);
  });

  it('that takes every path does not win over the probes', async () => {
    const get = await started((made) => {
      made.use((_req: unknown, _res: unknown, next: () => void) => next());
      made.use('/', answering('spa'));
    });
    expect(await get('/healthz')).toBe('{"status":"o');
    expect(await get('/other')).toBe('spa');
  });
});

describe('routes of Fastify plugins', () => {
  let app: INestApplication;

  afterEach(() => app.close());

  it('win over a probe on the same path, prefix included', async () => {
    app = await createApp('fastify', { health: { paths: { health: '/ops/healthz' } } });
    const instance = app.getHttpAdapter().getInstance() as FastifyInstance;
    await instance.register(
      async (plugin) => {
        plugin.get('/healthz', async () => 'plugin');
      },
      { prefix: '/ops' },
    );
    await app.listen(0, '127.0.0.1');
    expect((await ask(portOf(app), '/ops/healthz')).body).toBe('plugin');
    expect((await ask(portOf(app), '/livez')).status).toBe(200);
  });
});
