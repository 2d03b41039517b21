import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, RequestMethod } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { warnOfFault } from '../faults/fault-log.js';

/**
 * Calls `next` to go on, or answers by itself. Runs before body parsers, middleware and guards. `template`
 * is the route as the platform matched it, where it knows so early (Fastify). A throw goes on as `next`.
 */
type RequestHook = (
  req: IncomingMessage,
  res: ServerResponse,
  next: () => unknown,
  template?: string,
) => unknown;
/** Gets the route template with prefix and version, in the request's own context. */
type RouteHook = (method: string, template: string) => void;

type AdapterRequestHook = (req: unknown, res: unknown, done: () => void) => unknown;

interface HookedAdapter {
  readonly onRequestHook?: AdapterRequestHook;
  getOnRouteTriggered?(): ((method: RequestMethod, path: string) => unknown) | undefined;
  setOnRequestHook?(hook: AdapterRequestHook): void;
  setOnRouteTriggered?(hook: (method: RequestMethod, path: string) => void): void;
}

/** The request that Fastify passes. Express passes Node's own objects. */
interface FastifyRequest {
  readonly routeOptions?: { readonly url?: unknown };
}

const rawOf = <T>(value: unknown): T =>
  (value !== null && typeof value === 'object' && 'raw' in value ? value.raw : value) as T;

const templateOf = (req: unknown): string | undefined => {
  const url = (req as FastifyRequest).routeOptions?.url;
  return typeof url === 'string' ? url : undefined;
};

/**
 * Owns the one-slot hooks of Nest's HTTP adapter, so that several of our rooms, and an owner that was
 * there before us, share them. Hooks run in the order in which they were added; one that throws is passed
 * over.
 */
@Injectable()
export class AdapterHooks {
  readonly #requestHooks: RequestHook[] = [];
  readonly #routeHooks: RouteHook[] = [];
  /** Whether somebody else held a slot before; we call them too. */
  sharedWithOther = false;

  constructor(host: HttpAdapterHost) {
    host.init$.subscribe(() => {
      const adapter = host.httpAdapter as unknown as HookedAdapter | null | undefined;
      if (adapter) this.#attach(adapter);
    });
  }

  onRequest(hook: RequestHook): void {
    this.#requestHooks.push(hook);
  }

  onRoute(hook: RouteHook): void {
    this.#routeHooks.push(hook);
  }

  #attach(adapter: HookedAdapter): void {
    const otherRequest = adapter.onRequestHook;
    const otherRoute = adapter.getOnRouteTriggered?.();
    this.sharedWithOther = otherRequest !== undefined || otherRoute !== undefined;
    // What the other owner returns goes back to the adapter, which handles its rejection.
    adapter.setOnRequestHook?.((req, res, done) =>
      this.#runRequestHooks(rawOf(req), rawOf(res), templateOf(req), () =>
        otherRequest ? otherRequest.call(adapter, req, res, done) : done(),
      ),
    );
    adapter.setOnRouteTriggered?.((method, path) => {
      this.#runRouteHooks(RequestMethod[method] ?? 'ALL', path);
      otherRoute?.(method, path);
    });
  }

  #runRouteHooks(method: string, path: string): void {
    for (const hook of this.#routeHooks) {
      try {
        hook(method, path);
      } catch (error) {
        warnOfFault('A route hook failed', error);
      }
    }
  }

  #runRequestHooks(
    req: IncomingMessage,
    res: ServerResponse,
    template: string | undefined,
    done: () => unknown,
  ): unknown {
    const hooks = this.#requestHooks;
    let at = 0;
    const next = (): unknown => {
      const hook = hooks[at++];
      if (hook === undefined) return done();
      const reached = at;
      try {
        return hook(req, res, next, template);
      } catch (error) {
        // Past `next` it is the app's own failure, which the adapter knows how to answer.
        if (at !== reached) throw error;
        warnOfFault('A request hook failed', error);
        return next();
      }
    };
    return next();
  }
}
