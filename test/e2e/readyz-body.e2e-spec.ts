import type { INestApplication } from '@nestjs/common';
import { Availability } from '@nestlens/otel';
import type { AvailabilityChange, HealthIndicator, OtelModuleOptions } from '@nestlens/otel';
import { useLeakCheck } from '@nestlens/testing';
import { ManagementServer } from '../../libs/otel/src/management/management-server.js';
import { PLATFORMS, ask, createApp, portOf } from './health-app.js';
import type { Answer } from './health-app.js';

// An app that Nest refuses to create cannot be closed. A spec below creates one on each platform.
useLeakCheck({ ignore: (left) => left.kind === 'subscribers' && left.more <= PLATFORMS.length });

const bodyOf = (answer: Answer): Record<string, unknown> =>
  JSON.parse(answer.body) as Record<string, unknown>;

const down = (...names: readonly string[]): HealthIndicator[] =>
  names.map((name) => ({ name, check: () => ({ state: 'down' }) }));

describe.each(PLATFORMS)('the readiness probe on %s', (platform) => {
  let app: INestApplication;

  afterEach(() => app.close());

  const listening = async (health: OtelModuleOptions['health']): Promise<number> => {
    app = await createApp(platform, { health: { host: '127.0.0.1', ...health } });
    await app.listen(0, '127.0.0.1');
    return portOf(app);
  };

  const managementPort = (): number => app.get(ManagementServer).address?.port ?? 0;

  it('shows names and states on the port of the app, and details on the management port', async () => {
    const message = '10.0.0.7:5432 refuses the user ops';
    const check = () => Promise.reject(new Error(message));
    const port = await listening({ indicators: [{ name: 'db', check }], port: 0 });
    const shown = { status: 'error', indicators: { db: { status: 'down' } } };
    for (const path of ['/readyz', '/readyz?verbose']) {
      expect(bodyOf(await ask(port, path))).toEqual(shown);
    }
    expect(bodyOf(await ask(managementPort(), '/readyz'))).toMatchObject({
      indicators: { db: { status: 'down', message } },
    });
  });

  it('shows no details anywhere with `details: never`', async () => {
    const check = () => ({ state: 'degraded', detail: { user: 'ops' } }) as const;
    await listening({ indicators: [{ name: 'db', check }], details: 'never', port: 0 });
    expect(bodyOf(await ask(managementPort(), '/readyz'))).toEqual({
      status: 'degraded',
      indicators: { db: { status: 'degraded' } },
    });
  });

  it('leaves out the indicators of `?exclude`, one by one or in a list', async () => {
    const up: HealthIndicator = { name: 'c', check: () => ({ state: 'up' }) };
    const port = await listening({ indicators: [...down('a', 'b'), up] });
    expect((await ask(port, '/readyz?exclude=a')).status).toBe(503);
    for (const query of ['exclude=a&exclude=b', 'exclude=a,b', 'x&exclude=b,a,none']) {
      const answer = await ask(port, `/readyz?${query}`);
      expect([answer.status, bodyOf(answer)['indicators']]).toEqual([200, { c: { status: 'up' } }]);
    }
  });

  it('stands at further paths for groups of indicators', async () => {
    const cache: HealthIndicator = { name: 'cache', check: () => ({ state: 'up' }) };
    const port = await listening({
      indicators: [...down('db'), cache],
      groups: {
        edge: { path: '/health/edge', include: ['cache'] },
        store: { path: '/health/store', exclude: ['cache'] },
      },
    });
    expect((await ask(port, '/readyz')).status).toBe(503);
    expect((await ask(port, '/health/edge')).status).toBe(200);
    const store = await ask(port, '/health/store');
    expect([store.status, bodyOf(store)['indicators']]).toEqual([503, { db: { status: 'down' } }]);
  });

  it('stops the start for a group with an unknown indicator, and for a path that is taken', async () => {
    const groups = { edge: { path: '/edge', include: ['databse'] } };
    app = await createApp(platform, { health: { groups } });
    await expect(app.init()).rejects.toThrow('health.groups.edge names "databse"');
    await expect(
      createApp(platform, { health: { groups: { edge: { path: '/livez' } } } }),
    ).rejects.toThrow('health.paths.live and health.groups.edge.path are both "/livez"');
  });

  it('waits for a warm-up that holds the start back', async () => {
    app = await createApp(platform, { health: { details: 'always' } });
    const done = app.get(Availability).holdStart('the cache warm-up');
    await app.listen(0, '127.0.0.1');
    const port = portOf(app);
    for (const path of ['/startupz', '/readyz']) {
      const answer = await ask(port, path);
      const body = { status: 'starting', reasons: ['the cache warm-up'] };
      expect([answer.status, bodyOf(answer)]).toEqual([503, body]);
    }
    expect((await ask(port, '/livez')).status).toBe(200);
    done();
    done();
    expect((await ask(port, '/startupz')).status).toBe(200);
    expect((await ask(port, '/readyz')).status).toBe(200);
    app.get(Availability).holdStart('too late');
    expect((await ask(port, '/startupz')).status).toBe(200);
  });

  it('follows an app that refuses traffic, and /livez one that is broken', async () => {
    const port = await listening({ details: 'always' });
    const availability = app.get(Availability);
    const changes: AvailabilityChange[] = [];
    availability.onChange(() => {
      throw new Error('a listener of the app');
    });
    availability.onChange((change) => changes.push(change));
    const accepts = ['no leader', 'maintenance'].map((reason) => availability.refuse(reason));
    const refusing = await ask(port, '/readyz');
    const body = { status: 'refusing', reasons: ['no leader', 'maintenance'] };
    expect([refusing.status, bodyOf(refusing)]).toEqual([503, body]);
    expect((await ask(port, '/livez')).status).toBe(200);
    accepts[0]?.();
    accepts[0]?.();
    expect((await ask(port, '/readyz')).status).toBe(503);
    accepts[1]?.();
    expect((await ask(port, '/readyz')).status).toBe(200);

    const mended = availability.breakDown('the consumer is stuck');
    const broken = await ask(port, '/livez');
    const reasons = ['the consumer is stuck'];
    expect([broken.status, bodyOf(broken)]).toEqual([503, { status: 'broken', reasons }]);
    mended();
    expect((await ask(port, '/livez')).status).toBe(200);
    expect(changes.map(({ state }) => state)).toEqual([
      'refusing',
      'accepting',
      'broken',
      'correct',
    ]);
  });
});
