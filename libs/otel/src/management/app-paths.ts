import { behindMount, layersOf, matchOf } from '../adapter/express-layers.js';
import type { ExpressApp, ExpressLayer, ExpressRoute } from '../adapter/express-layers.js';

/** Methods in upper case; `ALL` for a route or middleware that takes any. */
type Methods = ReadonlySet<string>;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

interface FastifyRoute {
  readonly url: string;
  readonly method: string | readonly string[];
}

interface FastifyApp {
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): unknown;
  hasRoute(route: { readonly url: string; readonly method: string }): boolean;
}

/** The routes of a platform for one path. */
export interface AppPaths {
  /** The methods that the app itself answers at exactly this path. Empty if only a wildcard or a parameter matches. */
  methodsAt(path: string): Methods;
}

/** A path that only a wildcard or a parameter can match. */
const neighbourOf = (path: string): string =>
  `${path.slice(0, path.lastIndexOf('/'))}/nestlens-no-such-path`;

const methodsOf = ({ methods = {} }: ExpressRoute): string[] =>
  Object.keys(methods).map((name) => (name === '_all' ? 'ALL' : name.toUpperCase()));

const expressMethods = (
  layers: readonly ExpressLayer[],
  path: string,
  found = new Set<string>(),
): Methods => {
  for (const layer of layers) {
    const match = matchOf(layer, path);
    if (match === undefined) continue;
    const meant = matchOf(layer, neighbourOf(path)) === undefined;
    if (layer.route) {
      if (meant) for (const method of methodsOf(layer.route)) found.add(method);
      continue;
    }
    const rest = behindMount(path, match);
    if (meant && rest === '/') found.add('ALL');
    else if (layer.handle?.stack) expressMethods(layer.handle.stack, rest, found);
  }
  return found;
};

/** Finds routers and mounted handlers at exactly the path. An Express app that is mounted higher up shows no routes. */
const expressPaths = (app: ExpressApp): AppPaths => ({
  methodsAt: (path) => expressMethods(layersOf(app), path),
});

/** Finds routes, also those of plugins. Answers of middleware on Fastify cannot be seen. */
const fastifyPaths = (app: FastifyApp): AppPaths => {
  const seen = new Map<string, Set<string>>();
  // This also finds a route with a constraint (version, host), for which `hasRoute` needs the constraint.
  app.addHook('onRoute', ({ url, method }) => {
    const methods = seen.get(url) ?? new Set<string>();
    for (const name of Array.isArray(method) ? (method as readonly string[]) : [String(method)]) {
      methods.add(name);
    }
    seen.set(url, methods);
  });
  return {
    methodsAt: (path) =>
      new Set([
        ...(seen.get(path) ?? []),
        ...METHODS.filter((method) => app.hasRoute({ url: path, method })),
      ]),
  };
};

/** `undefined` for a platform other than Express and Fastify, since nothing is known about it. */
export const appPathsOf = (instance: unknown): AppPaths | undefined => {
  if (instance === null || instance === undefined) return undefined;
  const app = instance as Partial<FastifyApp> & ExpressApp;
  if (typeof app.hasRoute === 'function' && typeof app.addHook === 'function') {
    return fastifyPaths(app as FastifyApp);
  }
  return typeof instance === 'function' ? expressPaths(app) : undefined;
};

/** Whether the app answers GET there, so that our routes must not. */
export const takesGet = (methods: Methods): boolean =>
  methods.has('ALL') || methods.has('GET') || methods.has('HEAD');
