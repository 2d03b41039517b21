import { layersOf, matchOf } from '../adapter/express-layers.js';
import type {
  ExpressApp,
  ExpressLayer,
  ExpressRoute,
  LayerMatch,
} from '../adapter/express-layers.js';
import { parseTarget } from './request-target.js';

/**
 * The fields that Express leaves on a request; `baseUrl` is the concrete path of the mounts, `/tenants/7` for
 * `/tenants/:id`.
 */
export interface ExpressRequest {
  readonly route?: ExpressRoute;
  readonly baseUrl?: string;
  readonly originalUrl?: string;
  readonly app?: ExpressApp;
}

const segmentsOf = (path: string): readonly string[] =>
  path.split('/').filter((part) => part !== '');

const joined = (mount: string, path: string): string =>
  path === '/' || path === '' ? mount : `${mount.replace(/\/$/, '')}${path}`;

/** Express before router 2.3 keeps no pattern: the values of the parameters give way to their names. */
const withNames = (layer: ExpressLayer, { path, params }: LayerMatch): string | undefined => {
  const names = Object.keys(params);
  const segments = path.toLowerCase().split('/');
  for (const name of names) {
    const at = segments.indexOf(String(params[name]).toLowerCase());
    if (at === -1 || /^\d+$/.test(name)) return undefined;
    segments[at] = `:${name}`;
  }
  // A regular expression without groups would give a route for each path that it matches.
  if (names.length === 0 && matchOf(layer, `${path}x`) !== undefined) return undefined;
  return segments.join('/');
};

/** `undefined` for a regular expression: its matches are not bounded. */
const patternOf = (layer: ExpressLayer, match: LayerMatch): string | undefined => {
  const { rawPath } = layer;
  if (rawPath === undefined) return withNames(layer, match);
  if (typeof rawPath === 'string') return rawPath;
  if (!Array.isArray(rawPath)) return undefined;
  const path = match.path.toLowerCase();
  return rawPath.find((one) => typeof one === 'string' && one.toLowerCase() === path) as
    | string
    | undefined;
};

/**
 * The pattern of what answered below `base`, the part of the mounts' concrete path that is left: that of `route`, or of
 * the mount itself where it is a handler without routes (GraphQL, static files).
 */
const within = (
  layers: readonly ExpressLayer[],
  base: string,
  route: ExpressRoute | undefined,
): string | undefined => {
  for (const layer of layers) {
    if (layer.route) {
      if (layer.route === route && base === '' && typeof route.path === 'string') return route.path;
      continue;
    }
    const match = matchOf(layer, base);
    if (match === undefined) continue;
    const mounted = match.path !== '' && match.path !== '/';
    const stack = layer.handle?.stack;
    if (!mounted) {
      const found = stack && within(stack, base, route);
      if (found !== undefined) return found;
      continue;
    }
    const rest = base.slice(match.path.length).replace(/\/$/, '');
    const pattern = patternOf(layer, match);
    const here = route === undefined && rest === '' ? '' : undefined;
    const found = (stack && within(stack, rest, route)) ?? here;
    if (found !== undefined) return pattern === undefined ? undefined : joined(pattern, found);
  }
  return undefined;
};

/** More mounts inside each other than any app has. */
const MOST_SEGMENTS = 16;

/**
 * The pattern of `route` where nobody says how much of the path its mounts took: an error on its way out puts `baseUrl`
 * back to the outermost.
 */
const whole = (
  layers: readonly ExpressLayer[],
  { originalUrl = '' }: ExpressRequest,
  route: ExpressRoute,
): string | undefined => {
  if (layers.length === 0 || layers.some((layer) => layer.route === route)) {
    return typeof route.path === 'string' ? route.path : undefined;
  }
  const segments = segmentsOf(parseTarget(originalUrl).path).slice(0, MOST_SEGMENTS);
  for (let at = segments.length; at > 0; at--) {
    const found = within(layers, `/${segments.slice(0, at).join('/')}`, route);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** The patterns at which an Express app is mounted in others; `undefined` if they cannot be found. */
const mountOf = (app: ExpressApp | undefined): string | undefined => {
  let mount = '';
  for (let at = app; at?.parent !== undefined; at = at.parent) {
    // Several paths, or one of any length.
    if (typeof at.mountpath !== 'string' || /[*{(]/.test(at.mountpath)) return undefined;
    mount = joined(at.mountpath, mount);
  }
  return mount === '/' ? '' : mount;
};

/**
 * `http.route` of a request that Express answered: the patterns of its mounts and its route. `undefined` where there is
 * none, or none of bounded cardinality. `known` is the template that Nest told, which lacks the mounts of its app.
 */
export const expressRoute = (
  req: ExpressRequest,
  known: string | undefined,
): string | undefined => {
  const { route, baseUrl, app } = req;
  if (!baseUrl) return known ?? (route && whole(layersOf(app), req, route));
  const mount = mountOf(app);
  if (mount === undefined) return known;
  if (known !== undefined) return joined(mount, known);
  const rest = `/${segmentsOf(baseUrl).slice(segmentsOf(mount).length).join('/')}`;
  const base = rest === '/' ? '' : rest;
  const layers = layersOf(app);
  // A route that passed the request on is still there, so a route that is found nowhere below the mounts does not
  // count.
  const found = (route && within(layers, base, route)) ?? within(layers, base, undefined);
  if (found !== undefined) return joined(mount, found);
  return base === '' && mount !== '' ? mount : undefined;
};
