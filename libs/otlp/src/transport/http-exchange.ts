import { request } from 'node:http';
import type { Agent, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Endpoint } from '../pool/endpoint.js';
import { failureReason } from '../pool/failure.js';
import { cutOff } from '../pool/socket.js';
import type { Encoded } from './encoding.js';

export type HttpReply =
  | {
      readonly kind: 'reply';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      /** Undefined if the body was above the limit and cut off. */
      readonly body: Buffer | undefined;
    }
  /** `sent`: there was a connection. */
  | { readonly kind: 'aborted'; readonly sent: boolean }
  /** `stale`: the peer had closed a kept connection meanwhile. */
  | {
      readonly kind: 'broken';
      readonly reason: string;
      readonly stale: boolean;
      readonly sent: boolean;
    };

interface HttpExchange {
  readonly agent: Agent;
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Encoded;
  readonly maxReplyBytes: number;
}

/**
 * Sends one request and reads its reply. The chunks are written without a copy, and are not read after it settles.
 * Never rejects.
 */
export function exchange(what: HttpExchange, signal: AbortSignal): Promise<HttpReply> {
  const { agent, endpoint, path, headers, body, maxReplyBytes } = what;
  return new Promise((resolve) => {
    const outgoing = request({
      agent,
      method: 'POST',
      host: endpoint.host,
      port: endpoint.port,
      path,
      headers: { ...headers, host: endpoint.authority, 'content-length': body.bytes },
      setDefaultHeaders: false,
    });
    function settle(reply: HttpReply): void {
      signal.removeEventListener('abort', onAbort);
      // A kept connection must be at the end of both messages. A connection that is cut takes its pending writes
      // along.
      const isWhole =
        reply.kind === 'reply' && reply.body !== undefined && outgoing.writableFinished;
      if (reply.kind === 'aborted' && outgoing.socket !== null) cutOff(outgoing.socket);
      if (!isWhole) outgoing.destroy();
      resolve(reply);
    }
    let sent = false;
    outgoing.once('socket', () => (sent = true));
    function onAbort(): void {
      settle({ kind: 'aborted', sent });
    }
    signal.addEventListener('abort', onAbort);
    // This listener stays: an error after the reply must not throw.
    outgoing.on('error', (error) => {
      const reason = failureReason(error);
      const stale = outgoing.reusedSocket && (reason === 'ECONNRESET' || reason === 'EPIPE');
      settle({ kind: 'broken', reason, stale, sent });
    });
    outgoing.on('response', (incoming) => {
      read(incoming, maxReplyBytes, (received) => {
        if (received === 'broken') {
          settle({ kind: 'broken', reason: 'ECONNRESET', stale: false, sent: true });
        } else
          settle({
            kind: 'reply',
            status: incoming.statusCode!,
            headers: incoming.headers,
            body: received,
          });
      });
    });
    if (signal.aborted) return onAbort();
    outgoing.cork();
    for (const chunk of body.chunks) outgoing.write(chunk);
    outgoing.end();
    outgoing.uncork();
  });
}

function read(
  incoming: IncomingMessage,
  maxBytes: number,
  done: (body: Buffer | undefined | 'broken') => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  incoming.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) done(undefined);
    else chunks.push(chunk);
  });
  incoming.on('end', () => done(Buffer.concat(chunks)));
  incoming.on('error', () => done('broken'));
  incoming.on('close', () => done('broken'));
}
