import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, RequestMethod } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/** Calls `next` to go on, or answers by itself. Runs before body parsers, middleware and guards. */
export type RequestHook = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;
/** Gets the route template with prefix and version, in the request's own context. */
export type RouteHook = (method: string, template: string) => void;

interface HookedAdapter {
  readonly onRequestHook?: (req: unknown, res: unknown, done: () => void) => unknown;
  getOnRouteTriggered?(): ((method: RequestMethod, path: string) => unknown) | undefined;
  setOnRequestHook?(hook: (req: unknown, res: unknown, done: () => void) => void): void;
  setOnRouteTriggered?(hook: (method: RequestMethod, path: string) => void): void;
}

const rawOf = <T>(value: unknown): T =>
  (value !== null && typeof value === 'object' && 'raw' in value ? value.raw : value) as T;

/**
 * Owns the one-slot hooks of Nest's HTTP adapter, so that several of our rooms, and an owner that was
 * there before us, share them. Hooks run in the order in which they were added.
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
    adapter.setOnRequestHook?.((req, res, done) => {
      this.#runRequestHooks(0, rawOf(req), rawOf(res), () => {
        if (otherRequest) void otherRequest.call(adapter, req, res, done);
        else done();
      });
    });
    adapter.setOnRouteTriggered?.((method, path) => {
      for (const hook of this.#routeHooks) hook(RequestMethod[method] ?? 'ALL', path);
      otherRoute?.(method, path);
    });
  }

  #runRequestHooks(at: number, req: IncomingMessage, res: ServerResponse, done: () => void): void {
    const hook = this.#requestHooks[at];
    if (hook) hook(req, res, () => this.#runRequestHooks(at + 1, req, res, done));
    else done();
  }
}
