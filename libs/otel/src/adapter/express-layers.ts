/** A route of Express, as `router.route()` makes it. */
export interface ExpressRoute {
  readonly path?: unknown;
  readonly methods?: Readonly<Record<string, boolean>>;
}

/** The layer that Express 4 and 5 keep for each `use()`, `get()` and so on. */
export interface ExpressLayer {
  readonly route?: ExpressRoute;
  readonly handle?: { readonly stack?: readonly ExpressLayer[] };
  /** As it was given, from router 2.3 on. */
  readonly rawPath?: unknown;
  /** Express 4 and router before 2.3 leave the last match here. */
  readonly path?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  match?(path: string): unknown;
}

export interface ExpressApp {
  readonly router?: { readonly stack?: readonly ExpressLayer[] };
  readonly _router?: { readonly stack?: readonly ExpressLayer[] };
  readonly parent?: ExpressApp;
  readonly mountpath?: unknown;
}

/** The match of a layer: a prefix of the path for `use()`, the whole path for a route. */
export interface LayerMatch {
  readonly path: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The layers of an Express app or router; `[]` for anything else. */
export const layersOf = (app: ExpressApp | undefined): readonly ExpressLayer[] => {
  // Express 4 throws when its `router` is read.
  const router = app?._router ?? ('lazyrouter' in (app ?? {}) ? undefined : app?.router);
  return Array.isArray(router?.stack) ? router.stack : [];
};

/** The match of a layer, if any. The layer itself is asked, so case, strictness and patterns are Express' own. */
export const matchOf = (layer: ExpressLayer, path: string): LayerMatch | undefined => {
  const found: unknown = layer.match?.(path === '' ? '/' : path);
  if (found === undefined || found === null || found === false) return undefined;
  const { path: matched, params } = found === true ? layer : (found as ExpressLayer);
  return { path: matched ?? '', params: params ?? {} };
};

/** The rest of `path` behind a mount; always with a slash in front. */
export const behindMount = (path: string, { path: mount }: LayerMatch): string => {
  const rest = path.slice(mount.endsWith('/') ? mount.length - 1 : mount.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
};
