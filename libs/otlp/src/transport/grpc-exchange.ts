import { constants } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import { failureReason } from '../pool/failure.js';
import type { Begun } from '../pool/pool.js';
import type { Encoded } from './encoding.js';

const PREFIX_BYTES = 5;

export type GrpcReply =
  | {
      readonly kind: 'reply';
      readonly headers: IncomingHttpHeaders;
      /** Trailers. Those of a trailers-only reply are its headers; undefined if none came. */
      readonly trailers: IncomingHttpHeaders | undefined;
      readonly body: Buffer;
    }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'aborted' }
  /** `unprocessed`: the peer cannot have processed the request. */
  | { readonly kind: 'broken'; readonly reason: string; readonly unprocessed: boolean };

/**
 * Sends one message and reads its reply. The chunks are written without a copy; when this settles they are no longer
 * read. Never rejects. Source: gRPC over HTTP/2.
 */
export async function exchange(
  begun: Begun,
  message: Encoded,
  maxReplyBytes: number,
  signal: AbortSignal,
): Promise<GrpcReply> {
  const { stream, session } = begun;
  const reply = await converse(begun, message, maxReplyBytes, signal);
  const isWhole = stream.writableFinished;
  // This also informs a peer that answered early that the rest of the request will not come.
  if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
  if (!isWhole) await session.released(stream);
  session.end(reply.kind === 'reply' || reply.kind === 'too_large');
  return reply;
}

function converse(
  { stream, session }: Begun,
  message: Encoded,
  maxReplyBytes: number,
  signal: AbortSignal,
): Promise<GrpcReply> {
  return new Promise((resolve) => {
    const body: Buffer[] = [];
    let size = 0;
    let headers: IncomingHttpHeaders | undefined;
    let trailers: IncomingHttpHeaders | undefined;
    let error: unknown;
    function settle(ended: GrpcReply): void {
      signal.removeEventListener('abort', onAbort);
      resolve(ended);
    }
    function onAbort(): void {
      settle({ kind: 'aborted' });
    }
    function reply(): void {
      settle({ kind: 'reply', headers: headers!, trailers, body: Buffer.concat(body) });
    }
    function broken(): void {
      const unprocessed = headers === undefined && session.unprocessed(stream);
      const reason = session.why ?? brokenReason(error, stream.rstCode);
      settle({ kind: 'broken', reason, unprocessed });
    }
    signal.addEventListener('abort', onAbort);
    stream.on('response', (received) => {
      headers = received;
      if (received['grpc-status'] !== undefined) trailers = received;
    });
    stream.on('trailers', (received) => (trailers = received));
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxReplyBytes + PREFIX_BYTES) settle({ kind: 'too_large' });
      else body.push(chunk);
    });
    stream.on('end', () => {
      // A reset ends the data too. Without trailers only 'close' shows it.
      if (headers !== undefined && trailers !== undefined) reply();
    });
    // This listener stays: an error after the reply must not throw.
    stream.on('error', (thrown: unknown) => (error ??= thrown));
    stream.on('close', () => {
      const isWhole = trailers !== undefined || (error === undefined && stream.rstCode === 0);
      if (headers !== undefined && isWhole) return reply();
      broken();
    });
    if (signal.aborted) return onAbort();
    if (stream.destroyed) return broken();
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix[0] = message.encoding === 'identity' ? 0 : 1;
    prefix.writeUInt32BE(message.bytes, 1);
    stream.cork();
    stream.write(prefix);
    for (const chunk of message.chunks) stream.write(chunk);
    stream.end();
  });
}

function brokenReason(error: unknown, rstCode: number): string {
  if (rstCode === constants.NGHTTP2_REFUSED_STREAM) return 'REFUSED_STREAM';
  const reason = error === undefined ? 'closed' : failureReason(error);
  return reason === 'ERR_HTTP2_STREAM_ERROR' || reason === 'closed'
    ? `RST_STREAM_${rstCode}`
    : reason;
}
