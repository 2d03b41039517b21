import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { RequestMethod } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Context } from '@opentelemetry/api';
import { contexts } from '../context/contexts.js';
import { warnOfFault } from '../faults/fault-log.js';

/** Tells that a hook has answered the request: nothing else runs. */
export const ANSWERED = Symbol('nestlens.adapter.answered');

/**
 * Runs before body parsers, middleware and guards. Returns {@link ANSWERED}, or the context in which the rest runs;
 * nothing to go on as it is. `platformRequest` is the platform's own object, see {@link templateOf}. A hook that throws is
 * passed over.
 */
type RequestHook = (
  req: IncomingMessage,
  res: ServerResponse,
  platformRequest: unknown,
) => typeof ANSWERED | Context | void;
/** Gets the method and the route template with prefix and version, in the request's own context. */
type RouteHook = (method: RequestMethod, template: string) => void;

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

/** The route as the platform matched it, where it knows so early (Fastify). */
export const templateOf = (platformRequest: unknown): string | undefined => {
  const url = (platformRequest as FastifyRequest | undefined)?.routeOptions?.url;
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
    const rest = (req: unknown, res: unknown, done: () => void): unknown =>
      otherRequest ? otherRequest.call(adapter, req, res, done) : done();
    adapter.setOnRequestHook?.((req, res, done) => this.#run(0, req, res, done, rest));
    adapter.setOnRouteTriggered?.((method, path) => {
      this.#runRouteHooks(method, path);
      otherRoute?.(method, path);
    });
  }

  #runRouteHooks(method: RequestMethod, path: string): void {
    for (const hook of this.#routeHooks) {
      try {
        hook(method, path);
      } catch (error) {
        warnOfFault('A route hook failed', error);
      }
    }
  }

  /** The hooks from the one at `first` on, then the rest. */
  #run(
    first: number,
    req: unknown,
    res: unknown,
    done: () => void,
    rest: (req: unknown, res: unknown, done: () => void) => unknown,
  ): unknown {
    const hooks = this.#requestHooks;
    const request = rawOf<IncomingMessage>(req);
    const response = rawOf<ServerResponse>(res);
    for (let at = first; at < hooks.length; at++) {
      let result: ReturnType<RequestHook>;
      try {
        result = hooks[at]!(request, response, req);
      } catch (error) {
        warnOfFault('A request hook failed', error);
        continue;
      }
      if (result === undefined) continue;
      if (result === ANSWERED) return undefined;
      return contexts.with(result, () => this.#run(at + 1, req, res, done, rest));
    }
    return rest(req, res, done);
  }
}
