import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createContextKey, trace } from '@opentelemetry/api';
import type { Context, Span } from '@opentelemetry/api';
import { ATTR_CODE_FUNCTION_NAME, ATTR_HTTP_ROUTE } from '@opentelemetry/semantic-conventions';
import { isClientFault } from '../exceptions/nest-outcome.js';
import { recordException } from '../exceptions/record-exception.js';
import type { ExceptionNote } from '../exceptions/record-exception.js';
import { shortContextHeaders, withIncoming } from '../propagation/incoming-headers.js';
import type { ContextHeaders, Incoming } from '../propagation/incoming-headers.js';
import { ATTR_NESTJS_CALLBACK, ATTR_NESTJS_CONTROLLER } from './semconv.js';

const SERVER_REQUEST = createContextKey('nestlens.http.server_request');

/** The facts of a request that are known before its span starts. */
export interface RequestFacts {
  /** `http.request.method`: a known method or `_OTHER`. */
  readonly method: string;
  /** The span's name until the route is known. */
  readonly name: string;
  readonly scheme: string;
  /** `1.0`, `1.1` or `2`. */
  readonly protocolVersion: string;
}

/** An exception as it was met; whether it counts is decided at the end, by the status. */
export interface SeenException {
  readonly thrown: unknown;
  /** The status was already sent, so it does not tell of the failure. */
  readonly afterHeaders: boolean;
}

/** One incoming request from its first byte to the end of its response. */
export class ServerRequest implements Incoming {
  readonly facts: RequestFacts;
  readonly span: Span;
  readonly context: Context;
  /** `performance.now()`; only for a span that keeps no time itself. */
  readonly startedAt: number;
  /** `http.route`, as soon as Nest has told it. */
  route: string | undefined;
  /** The route as the platform matched it, for routes that Nest does not know. */
  platformRoute: string | undefined;
  exception: SeenException | undefined;
  readonly #note: ExceptionNote;
  #response: ServerResponse | undefined;
  #headers: ContextHeaders | undefined;
  /** The last exception that the body reported. */
  #inBody: { readonly thrown: unknown } | undefined;

  constructor(
    facts: RequestFacts,
    span: Span,
    parent: Context,
    response: ServerResponse,
    note: ExceptionNote,
    headers?: IncomingHttpHeaders,
  ) {
    this.facts = facts;
    this.span = span;
    this.startedAt = span.isRecording() ? 0 : performance.now();
    this.context = serverContext(parent, span, this);
    this.#response = response;
    this.#headers = headers;
    this.#note = note;
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

  handledBy(controller: string, callback: string): void {
    if (this.ended || !this.span.isRecording()) return;
    this.span.setAttribute(ATTR_CODE_FUNCTION_NAME, `${controller}.${callback}`);
    this.span.setAttribute(ATTR_NESTJS_CONTROLLER, controller);
    this.span.setAttribute(ATTR_NESTJS_CALLBACK, callback);
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
    this.#response = undefined;
    this.exception = undefined;
    this.#inBody = undefined;
  }
}

/** The context of one request: its parent's values, its span and itself. */
const serverContext = (parent: Context, span: Span, request: ServerRequest): Context =>
  withIncoming(trace.setSpan(parent, span).setValue(SERVER_REQUEST, request), request);

/** The incoming request that `context` belongs to, if any. */
export const serverRequestOf = (context: Context): ServerRequest | undefined =>
  context.getValue(SERVER_REQUEST) as ServerRequest | undefined;
