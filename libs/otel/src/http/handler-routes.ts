import { Injectable, RequestMethod, VersioningType } from '@nestjs/common';
import {
  ApplicationConfig,
  HttpAdapterHost,
  MetadataScanner,
  ModulesContainer,
} from '@nestjs/core';
import { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';
import { layersOf } from '../adapter/express-layers.js';
import type { ExpressApp, ExpressRoute } from '../adapter/express-layers.js';
import { warnOfFault } from '../faults/fault-log.js';
import { HandlerGuard } from './handler.guard.js';
import { HandlerRoute } from './handler-route.js';
import type { Handler } from './handler-route.js';

// Keys of the metadata of Nest's own decorators; its constants moved between 11 and 12.
const PATH = 'path';
const METHOD = 'method';
const HOST = 'host';
const VERSION = '__version__';
const MODULE_PATH = '__module_path__';

type Metatype = Function & { readonly prototype: object };
type RouteMetadata = Parameters<RoutePathFactory['create']>[0];

/** A handler with the facts that decide when Nest calls it. */
interface Found {
  readonly handler: Handler;
  readonly method: RequestMethod;
  readonly templates: readonly string[];
  /** Nest may refuse a request of this template and method: it wants a host or a version. */
  readonly isConditional: boolean;
}

const metadataOf = <T>(key: string, target: object): T | undefined =>
  Reflect.getMetadata(key, target) as T | undefined;

const withSlash = (path: string): string =>
  path === '' || path.startsWith('/') || path.startsWith('{/') ? path : `/${path}`;

const pathsOf = (given: string | readonly string[]): string[] =>
  typeof given === 'string' ? [withSlash(given)] : given.map(withSlash);

/**
 * The handlers of the app by template and method, as Nest's route hook tells them. So a request learns its handler
 * without a guard, which Nest charges each request for. Where the hook alone does not tell which handler is reached,
 * {@link HandlerGuard} becomes a global guard: several handlers of one template, a host or a version that is no part of
 * the path, a platform other than Express and Fastify, or a version of Nest without the hook.
 */
@Injectable()
export class HandlerRoutes {
  readonly #config: ApplicationConfig;
  readonly #modules: ModulesContainer;
  readonly #host: HttpAdapterHost;
  readonly #routes = new Map<string, Map<RequestMethod, HandlerRoute>>();

  constructor(config: ApplicationConfig, modules: ModulesContainer, host: HttpAdapterHost) {
    this.#config = config;
    this.#modules = modules;
    this.#host = host;
  }

  /** The route that the hook has told; without a handler where the guard has to tell it. */
  route(method: RequestMethod, template: string): HandlerRoute {
    const methods = this.#routes.get(template) ?? new Map<RequestMethod, HandlerRoute>();
    const known = methods.get(method);
    if (known !== undefined) return known;
    const route = new HandlerRoute(template, undefined);
    this.#routes.set(template, methods.set(method, route));
    return route;
  }

  /**
   * To be called in the `configure()` of a module: after all of `main.ts`, before Nest builds the first handler. Safe
   * twice.
   */
  read(): void {
    const guards = this.#config.getGlobalGuards();
    if (guards.some((guard) => guard instanceof HandlerGuard)) return;
    // First, so that it has told the handler where another guard refuses the request.
    if (!this.#tellsAll()) guards.unshift(new HandlerGuard());
  }

  /**
   * Finds what Express made of the routes: the last of each path and method, since Nest registers middleware, which may
   * be a route too, before all handlers.
   */
  findInExpress(): void {
    const adapter = this.#host.httpAdapter as Partial<HttpAdapterHost['httpAdapter']> | undefined;
    if (adapter?.getType?.() !== 'express') return;
    const found = new Map<unknown, ExpressRoute[]>();
    for (const { route } of layersOf(adapter.getInstance?.<ExpressApp>())) {
      if (route !== undefined) found.set(route.path, [...(found.get(route.path) ?? []), route]);
    }
    for (const [template, methods] of this.#routes) {
      const routes = found.get(adapter.normalizePath?.(template) ?? template) ?? [];
      for (const [method, route] of methods) {
        const name = method === RequestMethod.ALL ? '_all' : RequestMethod[method].toLowerCase();
        route.expressRoute = routes.findLast(({ methods: takes }) => takes?.[name] === true);
      }
    }
  }

  #tellsAll(): boolean {
    const adapter = this.#host.httpAdapter as Partial<HttpAdapterHost['httpAdapter']> | undefined;
    const type = adapter?.getType?.();
    const isKnown = type === 'express' || type === 'fastify';
    if (!isKnown || typeof adapter?.getOnRouteTriggered !== 'function') return false;
    try {
      return this.#read();
    } catch (error) {
      warnOfFault('The routes could not be read', error);
      this.#routes.clear();
      return false;
    }
  }

  #read(): boolean {
    let isComplete = true;
    const seen = new Map<string, Set<RequestMethod>>();
    for (const { handler, method, templates, isConditional } of this.#found()) {
      for (const template of templates) {
        const methods = seen.get(template) ?? new Set();
        const isOne = !isConditional && !methods.has(method);
        isComplete &&= isOne;
        seen.set(template, methods.add(method));
        const routes = this.#routes.get(template) ?? new Map<RequestMethod, HandlerRoute>();
        const route = new HandlerRoute(template, isOne ? handler : undefined);
        this.#routes.set(template, routes.set(method, route));
      }
    }
    return isComplete;
  }

  *#found(): Iterable<Found> {
    const scanner = new MetadataScanner();
    for (const { controllers, metatype: module } of this.#modules.values()) {
      const modulePath =
        metadataOf<string>(MODULE_PATH + this.#modules.applicationId, module) ??
        metadataOf<string>(MODULE_PATH, module);
      for (const { metatype } of controllers.values()) {
        if (typeof metatype !== 'function') continue;
        const controller = metatype as Metatype;
        for (const name of scanner.getAllMethodNames(controller.prototype)) {
          yield* this.#foundIn(controller, name, modulePath);
        }
      }
    }
  }

  /** As Nest's own `RouterExplorer` goes from decorators to paths. */
  *#foundIn(controller: Metatype, name: string, modulePath: string | undefined): Iterable<Found> {
    const callback = (controller.prototype as Readonly<Record<string, Function>>)[name]!;
    const methodPaths = metadataOf<string | string[]>(PATH, callback);
    const method = metadataOf<RequestMethod>(METHOD, callback);
    if (methodPaths === undefined || method === undefined) return;
    const versioning = this.#config.getVersioning();
    const ownVersion = metadataOf<RouteMetadata['controllerVersion']>(VERSION, controller);
    const metadata: RouteMetadata = {
      modulePath: modulePath!,
      globalPrefix: withSlash(this.#config.getGlobalPrefix()),
      controllerVersion: versioning && (ownVersion ?? versioning.defaultVersion)!,
      methodVersion: metadataOf<RouteMetadata['methodVersion']>(VERSION, callback)!,
      versioningOptions: versioning!,
    };
    const isVersioned = (metadata.methodVersion || metadata.controllerVersion) && versioning;
    const isConditional =
      metadataOf(HOST, controller) !== undefined ||
      (isVersioned !== undefined && isVersioned !== '' && versioning?.type !== VersioningType.URI);
    const paths = new RoutePathFactory(this.#config);
    const templates = pathsOf(metadataOf<string | string[]>(PATH, controller) ?? '').flatMap(
      (ctrlPath) =>
        pathsOf(methodPaths).flatMap((methodPath) =>
          paths.create({ ...metadata, ctrlPath, methodPath }, method),
        ),
    );
    const handler = { controller: controller.name, callback: callback.name };
    yield { handler, method, templates, isConditional };
  }
}
