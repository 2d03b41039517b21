import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';

/**
 * Returns true if a request came over no connection: made by a serverless adapter from an event, or by Fastify's `inject()`.
 * Its socket is some object, nobody can leave, and its response may say `finish` and never `close`.
 */
export const isSimulated = (req: IncomingMessage): boolean => {
  // Over HTTP/2 a closed stream has no socket any more.
  const socket: unknown = req.socket;
  return socket !== undefined && socket !== null && !(socket instanceof Duplex);
};
