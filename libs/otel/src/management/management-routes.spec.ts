import { ManagementRoutes } from './management-routes.js';

describe('ManagementRoutes', () => {
  it('finds exact paths, whatever their query', () => {
    const routes = new ManagementRoutes();
    const live = (): void => {};
    routes.add('/livez', live);
    expect(routes.find('/livez')).toBe(live);
    expect(routes.find(`/livez?${'x'.repeat(1_000_000)}`)).toBe(live);
    expect(routes.paths()).toEqual(['/livez']);
    for (const url of ['/livez/', '/livezz', '/', '', '/api/livez', '//livez', undefined]) {
      expect(routes.find(url)).toBeUndefined();
    }
  });
});
