import type { IncomingMessage, ServerResponse } from 'node:http';
import { SpanKind, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api';
import {
  ATTR_CODE_FUNCTION_NAME,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_ROUTE,
} from '@opentelemetry/semantic-conventions';
import { isClientFault } from '../exceptions/nest-outcome.js';
import { recordException } from '../exceptions/record-exception.js';
import type { ExceptionNote } from '../exceptions/record-exception.js';
import { incomingOf, shortContextHeaders, withIncoming } from '../propagation/incoming-headers.js';
import type { ContextHeaders, Incoming } from '../propagation/incoming-headers.js';
import { Work } from '../lifecycle/in-flight.js';
import { startLazily } from '../tracer/lazy-tracer.js';
import type { SpanSource } from '../tracer/lazy-tracer.js';
import { setBlock } from '../tracer/attribute-block.js';
import type { ExpressRoute } from '../adapter/express-layers.js';
import type { ExpressRequest } from './express-route.js';
import type { Forwarded } from './forwarded.js';
import type { Handler, HandlerRoute } from './handler-route.js';
import type { RequestFacts, RequestReader } from './request-facts.js';
import { targetOf } from './request-target.js';
import { ATTR_NESTJS_CALLBACK, ATTR_NESTJS_CONTROLLER } from './semconv.js';

/** An exception as it was met; whether it counts is decided at the end, by the status. */
export interface SeenException {
  readonly thrown: unknown;
  /** The status was already sent, so it does not tell of the failure. */
  readonly afterHeaders: boolean;
}

/**
 * One incoming request from its first byte to the end of its response: the source of its span's attributes, and the work
 * that is in flight.
 */
export class ServerRequest extends Work implements Incoming, SpanSource {
  readonly facts: RequestFacts;
  span!: Span;
  context!: Context;
  /** `performance.now()`; only for a span that keeps no time itself. */
  startedAt = 0;
  /** `http.route`, as soon as Nest has told it. */
  route: string | undefined;
  /** The platform's own request, which may know the route of requests that Nest does not route. */
  platformRequest: unknown;
  /** The route of a request that no platform routes. */
  ownRoute: string | undefined;
  exception: SeenException | undefined;
  readonly #reader: RequestReader;
  readonly #note: ExceptionNote;
  readonly #forwarded: Forwarded;
  #request: IncomingMessage | undefined;
  #response: ServerResponse | undefined;
  #headers: ContextHeaders | undefined;
  #isRead = false;
  #handler: Handler | undefined;
  #taken: ExpressRoute | undefined;
  /** The last exception that the body reported. */
  #inBody: { readonly thrown: unknown } | undefined;

  constructor(
    reader: RequestReader,
    note: ExceptionNote,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    super();
    this.#reader = reader;
    this.#note = note;
    this.#forwarded = reader.forwarded(request);
    this.facts = reader.facts(request, this.#forwarded);
    this.#request = request;
    this.#response = response;
    this.#headers = request.headers;
  }

  start(tracer: Tracer, parent: Context): void {
    this.span = startLazily(tracer, this.facts.name, SpanKind.SERVER, parent, this);
    if (!this.span.isRecording()) this.startedAt = performance.now();
    this.context = withIncoming(trace.setSpan(parent, this.span), this);
  }

  attributes(): Attributes {
    this.#isRead = true;
    return this.#request === undefined
      ? {}
      : this.#reader.attributes(this.#request, this.facts, this.#forwarded);
  }

  describe(span: Span): void {
    if (this.#request === undefined) return;
    // A tracer that takes attributes at the start has set them all, where no sampler alone has asked for them.
    const isSet = this.#isRead && hasMethod(span);
    this.#reader.describe(span, this.#request, this.facts, this.#forwarded, isSet);
  }

  get label(): string {
    return this.#request === undefined ? '' : labelOf(this.#request);
  }

  incomingHeader(name: string): string | undefined {
    const value = this.#headers?.[name];
    return value === undefined ? undefined : String(value);
  }

  get ended(): boolean {
    return this.#response === undefined;
  }

  /** Several routes may be tried; the last one counts. */
  routed(template: string): void {
    if (this.ended || this.route === template) return;
    this.route = template;
    if (!this.span.isRecording()) return;
    this.span.updateName(`${this.facts.name} ${template}`);
    this.span.setAttribute(ATTR_HTTP_ROUTE, template);
  }

  /** Nest calls a handler, or asks whether it takes the request. */
  reached(route: HandlerRoute): void {
    if (this.ended) return;
    this.route = route.template;
    if (route.handler !== undefined) this.#handler = route.handler;
    if (!this.span.isRecording()) return;
    this.span.updateName(route.nameOf(this.facts.name));
    setBlock(this.span, route.block);
  }

  /** For handlers that their route alone does not tell. */
  handledBy(controller: string, callback: string): void {
    const known = this.#handler;
    if (known?.controller === controller && known.callback === callback) return;
    if (this.ended || !this.span.isRecording()) return;
    this.#handler = { controller, callback };
    this.span.setAttribute(ATTR_CODE_FUNCTION_NAME, `${controller}.${callback}`);
    this.span.setAttribute(ATTR_NESTJS_CONTROLLER, controller);
    this.span.setAttribute(ATTR_NESTJS_CALLBACK, callback);
  }

  /**
   * True once for each route of Express whose handler is called: Express puts the route on the request in the same
   * synchronous run.
   */
  takes(route: ExpressRoute): boolean {
    if (this.#taken === route) return false;
    if ((this.#request as ExpressRequest | undefined)?.route !== route) return false;
    this.#taken = route;
    return true;
  }

  /** Seen on its way out; the last one decided the answer. */
  failed(thrown: unknown): void {
    if (this.#response === undefined) return;
    const isInBody = this.#inBody !== undefined && Object.is(this.#inBody.thrown, thrown);
    this.exception = { thrown, afterHeaders: this.#response.headersSent && !isInBody };
  }

  /**
   * Told in the answer's body, whatever its status: an event of the span, whose status it leaves alone [semantic
   * conventions, HTTP spans, "Status"]. There may be many. An
   * exception that stands for a fault of the client is no fault of this side.
   */
  failedInBody(thrown: unknown): void {
    if (this.#response === undefined) return;
    this.#inBody = { thrown };
    if (!isClientFault(thrown)) recordException(this.span, this.context, thrown, this.#note);
  }

  /** Lets go of all that is large: an idle connection may keep this context alive. */
  close(): void {
    if (this.#headers !== undefined) this.#headers = shortContextHeaders(this.#headers);
    this.#request = undefined;
    this.#taken = undefined;
    this.#response = undefined;
    this.platformRequest = undefined;
    this.exception = undefined;
    this.#inBody = undefined;
  }
}

const hasMethod = (span: Span): boolean =>
  (span as Partial<{ readonly attributes: Attributes }>).attributes?.[ATTR_HTTP_REQUEST_METHOD] !==
  undefined;

/** A request as a person names it. */
export const labelOf = (req: IncomingMessage): string =>
  `${req.method ?? ''} ${targetOf(req).path}`;

/** The incoming request that `context` belongs to, if any. */
export const serverRequestOf = (context: Context): ServerRequest | undefined => {
  const incoming = incomingOf(context);
  return incoming instanceof ServerRequest ? incoming : undefined;
};
