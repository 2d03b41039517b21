const PREFIX_BYTES = 5;

/** The result of parsing the body of a unary request. */
type Unframed =
  | { readonly kind: 'message'; readonly compressed: boolean; readonly message: Buffer }
  | { readonly kind: 'malformed'; readonly reason: string };

/** A message with its prefix: one byte of flags, four bytes of length. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.byteLength);
  framed[0] = 0;
  framed.writeUInt32BE(message.byteLength, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** Source: gRPC over HTTP/2, Length-Prefixed-Message. */
export function unframe(body: Buffer): Unframed {
  if (body.length < PREFIX_BYTES) return { kind: 'malformed', reason: 'no message in the request' };
  const flags = body[0]!;
  if (flags > 1) return { kind: 'malformed', reason: `message flags ${flags}` };
  const message = body.subarray(PREFIX_BYTES);
  if (body.readUInt32BE(1) !== message.length) {
    return { kind: 'malformed', reason: 'request is not exactly one message' };
  }
  return { kind: 'message', compressed: flags === 1, message };
}

/** Clients bound the size of headers. */
const MAX_MESSAGE_CHARS = 1024;

/** Percent-encodes `%`, and everything except printable ASCII. */
export function encodeGrpcMessage(message: string): string {
  let encoded = '';
  for (const byte of Buffer.from(message.slice(0, MAX_MESSAGE_CHARS))) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += plain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
