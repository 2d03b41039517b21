import type { IncomingMessage, ServerResponse } from 'node:http';
import { exceptionType } from '../exceptions/exception-type.js';
import { ownStatus } from '../exceptions/nest-outcome.js';
import type { ServerOutcome } from './server-durations.js';
import type { SeenException } from './server-request.js';
import { isSimulated } from './simulated-request.js';

/** `error.type` of a response that was cut off because the client went away. */
const CLIENT_DISCONNECTED = 'client_disconnected';
/** `error.type` of a response that this side cut off without saying why: a destroyed socket, a timeout. */
const SERVER_DISCONNECTED = 'server_disconnected';
/** `error.type` of a response that this side cut off while the service stops. */
const SHUTDOWN = 'shutdown';

const EVENT_STREAM = 'text/event-stream';

interface WithHeaderBlock {
  /** The header block as it was sent; the only place with the headers given to `writeHead`. */
  readonly _header?: unknown;
}

/** A response header, also where the framework passed it straight to `writeHead` (Fastify, SSE). */
export const responseHeader = (
  res: ServerResponse,
  name: string,
): number | string | string[] | undefined => {
  const value = res.getHeader(name);
  if (value !== undefined) return value;
  const block = (res as WithHeaderBlock)._header;
  if (typeof block !== 'string') return undefined;
  const values = block
    .split('\r\n')
    .filter((line) => line.toLowerCase().startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).trim());
  return values.length > 0 ? values : undefined;
};

const isEventStream = (res: ServerResponse): boolean =>
  String(responseHeader(res, 'content-type') ?? '').includes(EVENT_STREAM);

// A client that leaves closes its half first, or resets; when we destroy the socket, neither happens.
const cutOffBy = (req: IncomingMessage, res: ServerResponse, stopping: boolean): string => {
  // Over HTTP/2 a closed stream has no socket any more.
  const socket = req.socket as IncomingMessage['socket'] | undefined;
  if (socket === undefined || socket.errored || socket.readableEnded) return CLIENT_DISCONNECTED;
  if (res.errored) return exceptionType(res.errored);
  return stopping ? SHUTDOWN : SERVER_DISCONNECTED;
};

// Without a connection nothing is left to be sent after `end()`.
const isComplete = (req: IncomingMessage, res: ServerResponse): boolean =>
  res.writableFinished || (res.writableEnded && isSimulated(req));

/** The facts by which a closed response is judged. */
interface ResponseEnd {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly exception: SeenException | undefined;
  /** True while the service shuts down. */
  readonly stopping: boolean;
}

/**
 * Judges a closed response (semantic conventions, HTTP spans, "Status" and `error.type`). In this order:
 * 1. a 5xx is an error, named by the exception where there is one, else by the code;
 * 2. an exception after the status was sent is an error, since the status cannot tell, unless it stands for
 *    a 4xx;
 * 3. a response that was cut off is an error named by who cut it off, unless it is an event stream, which
 *    only the client ends;
 * 4. everything else, each 4xx included, is none.
 */
export const judgeResponse = ({ req, res, exception, stopping }: ResponseEnd): ServerOutcome => {
  const status = res.headersSent ? res.statusCode : undefined;
  if (status !== undefined && status >= 500) {
    return { status, errorType: exception ? exceptionType(exception.thrown) : String(status) };
  }
  if (exception?.afterHeaders === true && (ownStatus(exception.thrown) ?? 500) >= 500) {
    return { status, errorType: exceptionType(exception.thrown) };
  }
  if (!isComplete(req, res) && !(status !== undefined && isEventStream(res))) {
    return { status, errorType: cutOffBy(req, res, stopping) };
  }
  return { status, errorType: undefined };
};
