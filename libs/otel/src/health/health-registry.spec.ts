import { Test } from '@nestjs/testing';
import { HealthError } from './health-error.js';
import { HealthRegistry } from './health-registry.js';
import { resolveHealth } from './health-settings.js';
import { HEALTH_IMPORTS } from './health.providers.js';
import { HEALTH_SETTINGS } from './health.tokens.js';

const up = { state: 'up' } as const;

async function registry(): Promise<HealthRegistry> {
  const module = await Test.createTestingModule({
    imports: HEALTH_IMPORTS,
    providers: [
      HealthRegistry,
      { provide: HEALTH_SETTINGS, useValue: resolveHealth({ cacheMs: 0 }) },
    ],
  }).compile();
  return module.get(HealthRegistry);
}

describe('HealthRegistry', () => {
  it('reports ok without any indicator', async () => {
    await expect((await registry()).report()).resolves.toEqual({ status: 'ok', indicators: {} });
  });

  it('takes an indicator out again, and its name may be used anew', async () => {
    const health = await registry();
    const remove = health.register({ name: 'db', check: () => up });
    remove();
    health.register({ name: 'db', check: () => ({ state: 'down' }) });
    remove();
    await expect(health.report()).resolves.toMatchObject({
      status: 'error',
      indicators: { db: { status: 'down' } },
    });
  });

  it.each(['', '__proto__', 'constructor', 'a b', 'x'.repeat(65), '<img>'])(
    'refuses the name %p',
    async (name) => {
      const health = await registry();
      expect(() => health.register({ name, check: () => up })).toThrow(HealthError);
    },
  );
});
