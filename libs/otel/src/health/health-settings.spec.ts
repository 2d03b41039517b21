import { resolveHealth } from './health-settings.js';

describe('resolveHealth', () => {
  it('fills in every default', () => {
    expect(resolveHealth()).toEqual({
      enabled: true,
      paths: { live: '/livez', ready: '/readyz', startup: '/startupz', health: '/healthz' },
      port: undefined,
      host: undefined,
      databases: {},
      indicators: [],
      otlp: true,
      timeoutMs: 1000,
      cacheMs: 1000,
    });
  });

  it('keeps what is set, and writes paths with a slash', () => {
    const settings = resolveHealth({
      paths: { live: 'alive' },
      port: 9000,
      cacheMs: 0,
      otlp: false,
    });
    expect(settings.paths.live).toBe('/alive');
    expect(settings.paths.ready).toBe('/readyz');
    expect(settings).toMatchObject({ port: 9000, cacheMs: 0, otlp: false });
    expect(Object.isFrozen(settings)).toBe(true);
  });
});
