import { createContextKey, trace } from '@opentelemetry/api';
import type { Context, Span } from '@opentelemetry/api';
import { withIncoming } from '../propagation/incoming-headers.js';
import type { ServerRequest } from './server-request.js';

const SERVER_REQUEST = createContextKey('nestlens.http.server_request');

/** The context of one request: its parent's values, its span and itself. */
export const serverContext = (parent: Context, span: Span, request: ServerRequest): Context =>
  withIncoming(trace.setSpan(parent, span).setValue(SERVER_REQUEST, request), request);

/** The incoming request that `context` belongs to, if any. */
export const serverRequestOf = (context: Context): ServerRequest | undefined =>
  context.getValue(SERVER_REQUEST) as ServerRequest | undefined;
