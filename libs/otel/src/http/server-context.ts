import { createContextKey, trace } from '@opentelemetry/api';
import type { Context, Span } from '@opentelemetry/api';
import type { ServerRequest } from './server-request.js';

const SERVER_REQUEST = createContextKey('nestlens.http.server_request');

/**
 * The context of one request: its parent's values, its span and itself. The API's own context copies all
 * values into a new map for each one that is set; this one, made for every request, does not.
 */
export class ServerContext implements Context {
  readonly #parent: Context;
  readonly #request: ServerRequest;

  constructor(parent: Context, span: Span, request: ServerRequest) {
    this.#parent = trace.setSpan(parent, span);
    this.#request = request;
  }

  getValue(key: symbol): unknown {
    return key === SERVER_REQUEST ? this.#request : this.#parent.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#parent.setValue(SERVER_REQUEST, this.#request).setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#parent.setValue(SERVER_REQUEST, this.#request).deleteValue(key);
  }
}

/** The incoming request that `context` belongs to, if any. */
export const serverRequestOf = (context: Context): ServerRequest | undefined =>
  context.getValue(SERVER_REQUEST) as ServerRequest | undefined;
