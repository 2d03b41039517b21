import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit, RequestMethod } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Context } from '@opentelemetry/api';
import { isTracingSuppressed, suppressTracing } from '@opentelemetry/core';
import { contexts } from '../context/contexts.js';
import { AppTelemetry } from '../late-bound/app-telemetry.js';
import { InFlight, NamedWork } from '../lifecycle/in-flight.js';
import { ServiceState } from '../lifecycle/service-state.js';
import { ManagementRoutes } from '../management/management-routes.js';
import { Inventory } from '../report/inventory.js';
import { AdapterHooks } from '../adapter/adapter-hooks.js';
import { warnOfFault } from '../faults/fault-log.js';
import type { HandlerRoute } from './handler-route.js';
import { HandlerRoutes } from './handler-routes.js';
import type { HttpSettings } from './http.settings.js';
import { HTTP_SETTINGS } from './http.settings.js';
import { compileIgnore } from './ignored-requests.js';
import type { IgnoreRule } from './ignored-requests.js';
import { PipelinedRequests } from './pipelined-requests.js';
import { parseTarget } from './request-target.js';
import { ServerRequest, labelOf, serverRequestOf } from './server-request.js';
import { LEFT, SEEN, bringBack, serverRequestOfMessage } from './seen-request.js';
import type { SeenRequest } from './seen-request.js';
import { isSimulated } from './simulated-request.js';
import { ServerSpans } from './server-spans.js';
import { UpgradeWatch } from './upgrade-watch.js';
import type { UpgradableServer } from './upgrade-watch.js';

const REQUEST_START = 'http.server.request.start';
const UNOBSERVED = 'An incoming HTTP request could not be observed';

/** The response that the connection is busy with is kept by Node. */
type HttpSocket = Socket & { readonly _httpMessage?: unknown };

/** The message that Node publishes before it emits `request`, `checkContinue` or answers by itself. */
interface RequestStart {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: HttpSocket;
  readonly server: unknown;
}

interface FastifyRequest {
  readonly raw: object;
}

interface FastifyHooks {
  addHook(
    name: 'onError',
    hook: (req: FastifyRequest, reply: unknown, error: unknown, done: () => void) => void,
  ): unknown;
  addHook(
    name: 'preHandler',
    hook: (req: FastifyRequest, reply: unknown, done: () => void) => void,
  ): unknown;
}

/**
 * One SERVER span and the metrics of each request to the app, from the moment Node has read its headers
 * until its response closes. Requests of the app's own server come from Node's diagnostics channel and
 * are entered there, before any middleware; those that reach the app by another server (HTTP/2, an app
 * mounted in another, `inject()`) come through {@link AdapterHooks}, upgrades through {@link UpgradeWatch}.
 * Counts requests in flight, and asks for an end of the connection while the service drains, also with
 * `http.server: false`.
 */
@Injectable()
export class HttpServerInstrumentation implements OnModuleInit, OnApplicationShutdown {
  readonly #host: HttpAdapterHost;
  readonly #management: ManagementRoutes;
  readonly #state: ServiceState;
  readonly #inFlight: InFlight;
  readonly #spans: ServerSpans | undefined;
  readonly #isIgnored: IgnoreRule | undefined;
  readonly #pipelined = new PipelinedRequests();
  readonly #routes: HandlerRoutes;
  /** The context of an ignored request: no span starts in it, and no context leaves it. */
  readonly #ignored: Context;
  #upgrades: UpgradeWatch | undefined;
  #enabled = true;

  constructor(
    @Inject(HTTP_SETTINGS) settings: HttpSettings,
    host: HttpAdapterHost,
    hooks: AdapterHooks,
    management: ManagementRoutes,
    state: ServiceState,
    inFlight: InFlight,
    inventory: Inventory,
    app: AppTelemetry,
    routes: HandlerRoutes,
  ) {
    this.#routes = routes;
    this.#ignored = suppressTracing(app.context);
    this.#host = host;
    this.#management = management;
    this.#state = state;
    this.#inFlight = inFlight;
    this.#isIgnored = compileIgnore(settings.ignore);
    this.#spans = settings.server ? new ServerSpans(settings, state, app) : undefined;
    subscribe(REQUEST_START, this.#onStart);
    hooks.onRequest((req, res, platformRequest) => this.#onRequestHook(req, res, platformRequest));
    if (settings.server) hooks.onRoute((method, template) => this.#onRoute(method, template));
    host.init$.subscribe(() => this.#watchPlatform());
    if (settings.server) inventory.instrumented('http.server', 'spans and metrics of each request');
    else inventory.leftOut('http.server', 'http.server is false');
  }

  #onRoute(method: RequestMethod, template: string): void {
    const route = this.#routes.route(method, template);
    this.#requestAt(route)?.reached(route);
  }

  /**
   * The request that a handler is called for. It is that of the active context, unless a middleware with callbacks of its
   * own has lost that context, or goes on in that of another request. Then Express tells it, and its context is entered
   * again. On Fastify a hook has done so.
   */
  #requestAt({ expressRoute }: HandlerRoute): ServerRequest | undefined {
    const context = contexts.active();
    const active = serverRequestOf(context);
    if (expressRoute === undefined || active?.takes(expressRoute) === true) return active;
    if (isTracingSuppressed(context)) return undefined;
    for (const work of this.#inFlight.all()) {
      if (!(work instanceof ServerRequest) || !work.takes(expressRoute)) continue;
      contexts.enter(work.context);
      return work;
    }
    return undefined;
  }

  /** Routes of plugins know nothing of Nest's exception layer. */
  #watchPlatform(): void {
    const adapter = this.#host.httpAdapter as HttpAdapterHost['httpAdapter'] | null | undefined;
    if (adapter?.getType() !== 'fastify' || this.#spans === undefined) return;
    const fastify = adapter.getInstance<FastifyHooks>();
    fastify.addHook('onError', (req, _reply, error, done) => {
      serverRequestOfMessage(req.raw)?.failed(error);
      done();
    });
    // The last hook before the handler brings back the context that a middleware has lost.
    fastify.addHook('preHandler', (req, _reply, done) => {
      bringBack(req.raw);
      done();
    });
  }

  onModuleInit(): void {
    // Nest has registered its handlers, and later ones of the same paths are not Nest's.
    this.#routes.findInExpress();
    const adapter = this.#host.httpAdapter as HttpAdapterHost['httpAdapter'] | null | undefined;
    const server: UpgradableServer | undefined = adapter?.getHttpServer();
    if (typeof server?.prependListener !== 'function' || this.#upgrades || !this.#enabled) return;
    this.#upgrades = new UpgradeWatch(server, {
      begin: (req, res) => {
        const entered = this.#begin(req, res);
        if (entered !== undefined) contexts.enter(entered);
      },
      routed(req, route) {
        const request = serverRequestOfMessage(req);
        if (request !== undefined) request.ownRoute = route;
      },
    });
  }

  onApplicationShutdown(): void {
    this.disable();
  }

  /** Lets go of Node's channel. Requests under way still end their spans. Safe twice. */
  disable(): void {
    this.#enabled = false;
    unsubscribe(REQUEST_START, this.#onStart);
    this.#upgrades?.stop();
    this.#spans?.disable();
  }

  readonly #onStart = (message: unknown): void => {
    const { request, response, socket, server } = message as RequestStart;
    try {
      // `null` in an application context without HTTP.
      const adapter = this.#host.httpAdapter as HttpAdapterHost['httpAdapter'] | null | undefined;
      if (server !== adapter?.getHttpServer()) return;
      const entered = this.#begin(request, response, socket);
      // With a context manager that cannot enter, the request goes on in it from the adapter's hook.
      if (entered !== undefined && !contexts.enter(entered)) {
        (request as SeenRequest)[LEFT] = entered;
      }
    } catch (error) {
      warnOfFault(UNOBSERVED, error);
    }
  };

  #onRequestHook(
    req: SeenRequest,
    res: ServerResponse,
    platformRequest: unknown,
  ): Context | undefined {
    let entered = req[LEFT];
    if (entered !== undefined) req[LEFT] = undefined;
    if (this.#enabled && req[SEEN] === undefined) {
      try {
        entered = this.#begin(req, res);
      } catch (error) {
        warnOfFault(UNOBSERVED, error);
      }
    }
    const request = serverRequestOfMessage(req);
    if (request !== undefined) request.platformRequest = platformRequest;
    return entered;
  }

  /**
   * In this order:
   * 1. a draining service ends its connections, probes' included;
   * 2. management routes leave nothing behind;
   * 3. requests that the options ignore leave no telemetry;
   * 4. the span starts, and with it the metrics;
   * 5. all but management routes are work in flight, ignored or not, and end with their response.
   */
  #begin(req: SeenRequest, res: ServerResponse, channelSocket?: HttpSocket): Context | undefined {
    req[SEEN] = 'without_span';
    if (this.#state.name === 'draining' && req.httpVersionMajor === 1 && !res.headersSent) {
      res.setHeader('Connection', 'close');
    }
    const url = req.originalUrl ?? req.url;
    if (this.#management.findBesideApp(url, req.method) !== undefined) return this.#ignored;
    const isIgnored = this.#isIgnored?.(parseTarget(url).path, req.method ?? '') === true;
    const request = isIgnored ? undefined : this.#start(req, res);
    this.#follow(request, req, res, channelSocket);
    if (isIgnored) return this.#ignored;
    if (request === undefined) return undefined;
    req[SEEN] = request;
    return request.context;
  }

  #start(req: IncomingMessage, res: ServerResponse): ServerRequest | undefined {
    try {
      return this.#spans?.start(req, res);
    } catch (error) {
      warnOfFault(UNOBSERVED, error);
      return undefined;
    }
  }

  /** One listener ends all that began with the request. */
  #follow(
    request: ServerRequest | undefined,
    req: IncomingMessage,
    res: ServerResponse,
    channelSocket: HttpSocket | undefined,
  ): void {
    const work = request ?? new NamedWork(labelOf(req));
    let forget: (() => void) | undefined;
    const closed = (): void => {
      this.#inFlight.end(work);
      forget?.();
      if (request !== undefined) this.#spans?.end(request, req, res);
    };
    this.#inFlight.begin(work);
    res.on('close', closed);
    if (channelSocket === undefined) {
      if (isSimulated(req)) res.once('finish', closed);
    } else if (channelSocket._httpMessage) {
      // A busy connection: this response has to wait for the one before it.
      forget = this.#pipelined.watch(channelSocket, closed);
    }
  }
}
