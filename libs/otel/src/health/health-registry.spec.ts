import { HealthError } from '../options/health-error.js';
import { HealthRegistry } from './health-registry.js';
import { resolveConfig } from '../options/resolve.js';

const up = { state: 'up' } as const;

const registry = (): HealthRegistry =>
  new HealthRegistry(resolveConfig({ health: { cacheMs: 0 } }, {}).health);

describe('HealthRegistry', () => {
  it('reports ok without any indicator', async () => {
    await expect(registry().report()).resolves.toEqual({ status: 'ok', indicators: {} });
  });

  it('removes an indicator once, and its name can be used again', async () => {
    const health = registry();
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
    (name) => {
      const health = registry();
      expect(() => health.register({ name, check: () => up })).toThrow(HealthError);
    },
  );
});
