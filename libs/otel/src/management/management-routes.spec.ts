import { ManagementRoutes } from './management-routes.js';

describe('ManagementRoutes', () => {
  it('matches exact paths with any query', () => {
    const routes = new ManagementRoutes();
    const live = (): void => {};
    routes.add('/livez', live, 'health.paths.live');
    expect(routes.find('/livez')).toBe(live);
    expect(routes.find(`/livez?${'x'.repeat(1_000_000)}`)).toBe(live);
    expect(routes.paths()).toEqual(['/livez']);
    for (const url of ['/livez/', '/livezz', '/', '', '/api/livez', '//livez', undefined]) {
      expect(routes.find(url)).toBeUndefined();
    }
  });

  it("leaves the app's own routes to the app, except on the management port", () => {
    const routes = new ManagementRoutes();
    const probe = (): void => {};
    routes.add('/livez', probe, 'health.paths.live');
    routes.add('/metrics', probe, 'metrics.prometheus.path');
    routes.leaveToApp('/livez', 'GET');
    routes.leaveToApp('/metrics', 'other methods');
    routes.leaveToApp('/nothing', 'GET');
    expect(routes.findBesideApp('/livez?full', 'GET')).toBeUndefined();
    expect(routes.findBesideApp('/metrics', 'GET')).toBe(probe);
    expect(routes.findBesideApp('/metrics', 'HEAD')).toBe(probe);
    expect(routes.findBesideApp('/metrics', 'POST')).toBeUndefined();
    expect(routes.find('/livez')).toBe(probe);
    expect(routes.optionOf('/livez')).toBe('health.paths.live');
  });
});
