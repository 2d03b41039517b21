import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import {
  Controller,
  ForbiddenException,
  Get,
  Inject,
  Injectable,
  RequestMethod,
  VersioningType,
} from '@nestjs/common';
import type { CanActivate, INestApplication, OnModuleInit } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { HealthRegistry } from '@nestlens/otel';
import type { HealthFinding, HealthIndicator, OtelModuleOptions } from '@nestlens/otel';
import { useLeakCheck } from '@nestlens/testing';
import { ShutdownSequence } from '../../libs/otel/src/lifecycle/shutdown-sequence.js';
import { ManagementRoutes } from '../../libs/otel/src/management/management-routes.js';
import { PLATFORMS, ask, createApp, portOf } from './health-app.js';
import type { Answer } from './health-app.js';

@Injectable()
class NobodyPasses implements CanActivate {
  canActivate(): boolean {
    throw new ForbiddenException();
  }
}

@Controller('cats')
class CatsController {
  @Get()
  list(): string[] {
    return ['tom'];
  }
}

const bodyOf = (answer: Answer): Record<string, unknown> =>
  JSON.parse(answer.body) as Record<string, unknown>;

const found = (state: HealthFinding['state']): HealthFinding => ({ state });

// An app that Nest refuses to create cannot be closed. A spec below creates one on each platform.
useLeakCheck({ ignore: (left) => left.kind === 'subscribers' && left.more <= PLATFORMS.length });

describe.each(PLATFORMS)('probes on %s', (platform) => {
  let app: INestApplication;

  afterEach(() => app.close());

  async function listening(options: OtelModuleOptions = {}): Promise<number> {
    app = await createApp(platform, options);
    await app.listen(0, '127.0.0.1');
    return portOf(app);
  }

  it('answer without a prefix or version, and before middleware and a guard that refuses all', async () => {
    app = await createApp(
      platform,
      {},
      {
        controllers: [CatsController],
        providers: [{ provide: APP_GUARD, useClass: NobodyPasses }],
      },
    );
    app.setGlobalPrefix('api', { exclude: [{ path: 'other', method: RequestMethod.GET }] });
    app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    let seen = 0;
    app.use((_req: unknown, _res: unknown, next: () => void) => {
      seen += 1;
      next();
    });
    await app.listen(0, '127.0.0.1');
    const port = portOf(app);
    for (const path of ['/livez', '/readyz', '/startupz', '/healthz', '/livez?verbose']) {
      const answer = await ask(port, path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.headers['content-type']).toContain('application/json');
      expect(answer.headers['cache-control']).toBe('no-store');
    }
    expect(seen).toBe(0);
    expect((await ask(port, '/api/v1/cats')).status).toBe(403);
    expect((await ask(port, '/livez/')).status).toBe(404);
    expect(seen).toBe(2);
  });

  it('take GET and HEAD, and answer 405 to other methods without reading the body', async () => {
    const port = await listening();
    const head = await ask(port, '/livez', { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, '']);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const body = method.startsWith('P') ? '{"not json' : undefined;
      const answer = await ask(port, '/readyz', { method, body });
      expect([method, answer.status, answer.headers.allow]).toEqual([method, 405, 'GET, HEAD']);
    }
    expect((await ask(port, '/livez', { headers: { accept: 'text/html' } })).status).toBe(200);
  });

  it('turn a handler that throws or rejects into a 500', async () => {
    app = await createApp(platform);
    const routes = app.get(ManagementRoutes);
    const throwing = (): void => {
      throw new Error('boom');
    };
    routes.add('/throws', throwing, 'some.option');
    routes.add('/rejects', () => Promise.reject(new Error('boom')), 'some.option');
    await app.listen(0, '127.0.0.1');
    for (const path of ['/throws', '/rejects']) {
      const answer = await ask(portOf(app), path);
      expect([answer.status, bodyOf(answer)]).toEqual([500, { status: 'error' }]);
    }
  });

  it('show the result of each indicator, and only `down` makes the app unready', async () => {
    const findings: Record<string, HealthFinding> = {
      a: { state: 'up', detail: { rows: 3 } },
      b: found('up'),
    };
    const indicators: HealthIndicator[] = ['a', 'b'].map((name) => ({
      name,
      check: () => findings[name] ?? found('down'),
    }));
    const port = await listening({ health: { indicators, cacheMs: 0, details: 'always' } });
    const up = await ask(port, '/readyz');
    expect(up.status).toBe(200);
    expect(bodyOf(up)).toEqual({
      status: 'ok',
      indicators: {
        a: { status: 'up', rows: 3, responseTimeMs: expect.any(Number) },
        b: { status: 'up', responseTimeMs: expect.any(Number) },
      },
    });
    findings['b'] = found('degraded');
    const degraded = await ask(port, '/readyz');
    expect([degraded.status, bodyOf(degraded)['status']]).toEqual([200, 'degraded']);
    findings['a'] = found('down');
    const down = await ask(port, '/readyz');
    expect([down.status, bodyOf(down)['status']]).toEqual([503, 'error']);
    expect((await ask(port, '/livez')).status).toBe(200);
  });

  it('send a database one query for 200 probes, and /livez answers while it hangs', async () => {
    let pings = 0;
    let answer = true;
    const released = Promise.withResolvers<void>();
    const pool = {
      query: () => {
        pings += 1;
        return answer ? Promise.resolve() : released.promise;
      },
    };
    app = await createApp(
      platform,
      { health: { databases: { postgres: 'POOL' }, timeoutMs: 100, cacheMs: 60_000 } },
      { providers: [{ provide: 'POOL', useValue: pool }] },
    );
    await app.listen(0, '127.0.0.1');
    const port = portOf(app);
    const replies = await Promise.all(Array.from({ length: 200 }, () => ask(port, '/readyz')));
    expect(replies.every(({ status }) => status === 200)).toBe(true);
    expect(pings).toBe(1);

    await app.close();
    answer = false;
    pings = 0;
    app = await createApp(
      platform,
      { health: { databases: { postgres: 'POOL' }, timeoutMs: 1000, cacheMs: 0 } },
      { providers: [{ provide: 'POOL', useValue: pool }] },
    );
    await app.listen(0, '127.0.0.1');
    const hanging = ask(portOf(app), '/readyz');
    // The query hangs for ever, so each of these probes comes while it hangs.
    for (let i = 0; i < 100; i += 1) {
      expect((await ask(portOf(app), '/livez')).status).toBe(200);
    }
    expect(pings).toBe(1);
    expect((await hanging).status).toBe(503);
    const again = await ask(portOf(app), '/readyz');
    expect(bodyOf(again)).toMatchObject({ indicators: { postgres: { status: 'down' } } });
    expect(pings).toBe(1);
    released.resolve();
  });

  it('stay ready without a collector, and show the indicator as degraded', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    const { port: nobody } = await new Promise<AddressInfo>((resolve) => {
      closed.once('listening', () => resolve(closed.address() as AddressInfo));
    });
    await new Promise((resolve) => closed.close(resolve));
    const port = await listening({
      otlp: { endpoint: `http://127.0.0.1:${nobody}`, timeoutMs: 200 },
      traces: { exporters: ['otlp'] },
      health: { details: 'always' },
    });
    const answer = await ask(port, '/readyz');
    expect(answer.status).toBe(200);
    expect(bodyOf(answer)).toMatchObject({
      status: 'degraded',
      indicators: { otlp: { status: 'degraded', reason: expect.stringContaining('ECONNREFUSED') } },
    });
  });

  it('answer 200 for liveness and 503 for readiness from the first phase of the shutdown', async () => {
    const port = await listening({ shutdown: { drainMs: 1000 } });
    expect((await ask(port, '/readyz')).status).toBe(200);
    const served = app.get(ShutdownSequence).begin();
    const [ready, live, startup] = await Promise.all(
      ['/readyz', '/livez', '/startupz'].map((path) => ask(port, path)),
    );
    expect([ready?.status, live?.status, startup?.status]).toEqual([503, 200, 200]);
    expect(ready?.body).toBe('{"status":"draining"}');
    await served;
  });

  it('stop the start if two indicators have one name', async () => {
    app = await createApp(platform);
    const twice = { name: 'db', check: () => found('up') };
    await expect(createApp(platform, { health: { indicators: [twice, twice] } })).rejects.toThrow(
      'Two health indicators are named "db"',
    );
  });

  it('stop the start if no module provides a database token, and name it', async () => {
    app = await createApp(platform);
    const wrong = await createApp(platform, { health: { databases: { pg: 'NO_POOL' } } });
    await expect(wrong.init()).rejects.toThrow('health.databases.pg: no module provides NO_POOL');
    await wrong.close();
  });

  it('stop the start if a database cannot be checked, and name each with its token', async () => {
    app = await createApp(platform);
    const bucket = { send: () => {} };
    const wrong = await createApp(
      platform,
      { health: { databases: { files: 'BUCKET', pg: 'NO_POOL' } } },
      { providers: [{ provide: 'BUCKET', useValue: bucket }] },
    );
    const message = await wrong.init().then(
      () => 'started',
      (error: unknown) => (error as Error).message,
    );
    expect(message).toMatch(/^health\.databases\.files: no check is known for an object with the/);
    expect(message).toContain('methods send. Give an indicator instead');
    expect(message).toContain('Provided under the token BUCKET.\nhealth.databases.pg: no module');
    await wrong.close();
  });

  it('include indicators that a provider registers', async () => {
    @Injectable()
    class Queue implements OnModuleInit {
      // A parameter's metadata is not emitted for classes inside functions.
      constructor(@Inject(HealthRegistry) private readonly registry: HealthRegistry) {}
      onModuleInit(): void {
        this.registry.register({ name: 'queue', check: () => found('degraded') });
      }
    }
    app = await createApp(platform, {}, { providers: [Queue] });
    await app.listen(0, '127.0.0.1');
    const answer = await ask(portOf(app), '/readyz');
    expect(bodyOf(answer)).toMatchObject({ indicators: { queue: { status: 'degraded' } } });
  });

  it('answer 404 if health is switched off', async () => {
    const port = await listening({ health: { enabled: false } });
    expect((await ask(port, '/livez')).status).toBe(404);
  });
});

describe('probes on Fastify', () => {
  it('work with inject and run onResponse hooks', async () => {
    const app = await createApp('fastify');
    const adapter = app.getHttpAdapter() as unknown as FastifyAdapter;
    let responses = 0;
    adapter.getInstance().addHook('onResponse', (_request, _reply, done) => {
      responses += 1;
      done();
    });
    await app.init();
    await adapter.getInstance().ready();
    const answer = await adapter.inject({ method: 'GET', url: '/livez' });
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ok' }]);
    expect(responses).toBe(1);
    // An injected request is served, so the app is ready.
    expect((await adapter.inject({ method: 'GET', url: '/readyz' })).statusCode).toBe(200);
    await app.close();
  });
});
