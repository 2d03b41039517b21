import type { IncomingMessage } from 'node:http';
import type { Context } from '@opentelemetry/api';
import { contexts } from '../context/contexts.js';
import { serverRequestOf } from './server-request.js';
import type { ServerRequest } from './server-request.js';

/** Marks a request that has been seen, and says as what. */
export const SEEN = Symbol('nestlens.http.seen');

/** Marks the context that could not be entered where the request was seen first. */
export const LEFT = Symbol('nestlens.http.left');

type Seen = ServerRequest | 'without_span';

export interface SeenRequest extends IncomingMessage {
  [SEEN]?: Seen;
  [LEFT]?: Context | undefined;
  /** The original URL, which Express keeps when it cuts a mount path off `url`. */
  originalUrl?: string;
}

/** The server request that Node's request object belongs to. */
export const serverRequestOfMessage = (req: object): ServerRequest | undefined => {
  const seen = (req as SeenRequest)[SEEN];
  return typeof seen === 'object' ? seen : undefined;
};

/** Makes the context of a request active where another one is. Never throws. */
export const bringBack = (req: object): ServerRequest | undefined => {
  const request = serverRequestOfMessage(req);
  if (request !== undefined && serverRequestOf(contexts.active()) !== request) {
    contexts.enter(request.context);
  }
  return request;
};
