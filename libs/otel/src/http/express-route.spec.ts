import { expressRoute } from './express-route.js';
import type { ExpressLayer } from '../adapter/express-layers.js';

/** A mount of Express 4, or of router before 2.3: it keeps no pattern, only its last match. */
const oldMount = (
  pattern: RegExp,
  names: readonly string[],
  stack: readonly ExpressLayer[],
): ExpressLayer => {
  const layer = {
    handle: { stack },
    path: '',
    params: {} as Record<string, string>,
    match(path: string): boolean {
      const found = pattern.exec(path);
      if (found === null) return false;
      layer.path = found[0];
      layer.params = Object.fromEntries(names.map((name, at) => [name, found[at + 1]!]));
      return true;
    },
  };
  return layer;
};

const route = { path: '/users/:id' };
const users: ExpressLayer = { route, match: () => true };
const asked = (layer: ExpressLayer, baseUrl: string) =>
  expressRoute({ route, baseUrl, app: { _router: { stack: [layer] } } }, undefined);

describe('expressRoute, if Express keeps no pattern of a mount', () => {
  it('uses the path of a mount without parameters', () => {
    const layer = oldMount(/^\/admin(?=\/|$)/i, [], [users]);
    expect(asked(layer, '/admin')).toBe('/admin/users/:id');
    expect(asked(layer, '/Admin')).toBe('/admin/users/:id');
  });

  it('replaces the values of parameters by their names', () => {
    const layer = oldMount(/^\/tenants\/([^/]+)(?=\/|$)/, ['tenant'], [users]);
    expect(asked(layer, '/tenants/4711')).toBe('/tenants/:tenant/users/:id');
  });

  it('gives no route if the path of the mount is not bounded', () => {
    expect(asked(oldMount(/^\/v\d+/, [], [users]), '/v12')).toBeUndefined();
    expect(asked(oldMount(/^\/v(\d+)(?=\/|$)/, ['0'], [users]), '/v12')).toBeUndefined();
  });

  it('does not read the router of Express 4, whose getter throws', () => {
    const app = {
      lazyrouter() {},
      get router(): never {
        throw new Error("'app.router' is deprecated!");
      },
    };
    expect(expressRoute({ route, baseUrl: '/a', app }, undefined)).toBeUndefined();
  });
});
