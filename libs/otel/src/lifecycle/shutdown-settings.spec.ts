import { resolveShutdown } from './shutdown-settings.js';

const IN_KUBERNETES = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };

describe('resolveShutdown', () => {
  it('drains for five seconds in Kubernetes only', () => {
    expect(resolveShutdown({}, {}).drainMs).toBe(0);
    expect(resolveShutdown({}, IN_KUBERNETES).drainMs).toBe(5000);
    expect(resolveShutdown({ drainMs: 0 }, IN_KUBERNETES).drainMs).toBe(0);
  });

  it('stays below the 30 s that a pod has, by default', () => {
    const settings = resolveShutdown({}, IN_KUBERNETES);
    const total = Object.values(settings).reduce((sum, ms) => sum + ms, 0);
    expect(total).toBeLessThanOrEqual(28_000);
    expect(Object.isFrozen(settings)).toBe(true);
  });
});
