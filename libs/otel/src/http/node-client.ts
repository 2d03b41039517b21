import type { ClientRequest, IncomingMessage } from 'node:http';
import { claim, isCancellation } from './client-request.js';
import type { ClientCall, ClientCalls } from './client-calls.js';
import { carriesIncoming } from '../propagation/incoming-headers.js';
import { guarded } from '../faults/fault-log.js';
import { NodeHeaders, keepFromPassedOn } from './node-headers.js';

interface NodeRequest extends ClientRequest {
  readonly socketPath?: string | null;
  readonly res?: IncomingMessage | null;
}

const originOf = (request: NodeRequest, headers: NodeHeaders): string => {
  const host = request.host.includes(':') ? `[${request.host}]` : request.host;
  const header = headers.host;
  // The port is known nowhere else; a Host of the user's own names another host.
  const isOurs = header !== undefined && (header === host || header.startsWith(`${host}:`));
  return `${request.protocol}//${isOurs ? header : host}`;
};

// Destroyed without an error of its own, before an answer: nobody but the caller does that.
const isGivenUp = (request: NodeRequest, error: unknown): boolean =>
  isCancellation(error) ||
  (request.destroyed &&
    (error as { readonly code?: unknown; readonly syscall?: unknown }).code === 'ECONNRESET' &&
    (error as { readonly syscall?: unknown }).syscall === undefined);

/** The messages that `node:http` and `node:https` publish for each request. */
export const nodeHandlers = (
  calls: ClientCalls,
): Readonly<Record<string, (message: unknown) => void>> => {
  const open = new WeakMap<object, ClientCall>();

  const begin = (request: NodeRequest): void => {
    if (!calls.hears() || !claim(request)) return;
    const headers = new NodeHeaders(request);
    const call = calls.begin({
      method: request.method,
      origin: originOf(request, headers),
      path: request.path,
      headers,
      ...(request.socketPath ? { socketPath: request.socketPath } : {}),
    });
    if (call === undefined) return;
    open.set(request, call);
    if (!request.headersSent && carriesIncoming(call.context)) {
      keepFromPassedOn(request, call.context);
    }
    // An upgrade tells nothing else, and a request may be dropped before it was sent.
    request.once('close', () => {
      guarded('An outgoing HTTP request could not be completed', () => {
        const { res } = request;
        if (res?.statusCode === undefined) calls.cancelled(call);
        else calls.answered(call, res.statusCode, res.httpVersion);
      });
    });
  };

  return {
    'http.client.request.created': (message) => {
      begin((message as { readonly request: NodeRequest }).request);
    },
    // Only heard first where `created` does not exist; too late for headers, in time for a span.
    'http.client.request.start': (message) => {
      begin((message as { readonly request: NodeRequest }).request);
    },
    'http.client.response.finish': (message) => {
      const { request, response } = message as {
        readonly request: NodeRequest;
        readonly response: IncomingMessage;
      };
      const call = open.get(request);
      if (call === undefined) return;
      calls.sentTo(call, response.socket);
      calls.answered(call, response.statusCode ?? 0, response.httpVersion);
    },
    'http.client.request.error': (message) => {
      const { request, error } = message as {
        readonly request: NodeRequest;
        readonly error: unknown;
      };
      const call = open.get(request);
      if (call === undefined) return;
      if (isGivenUp(request, error)) calls.cancelled(call);
      else calls.failed(call, error);
    },
  };
};
