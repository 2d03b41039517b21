import type { GrpcServerCall, GrpcStatus } from './grpc-js.js';
import { CANCELLED, DEADLINE_EXCEEDED } from './status-code.js';

type Wire =
  | { readonly state: 'hidden' }
  | { readonly state: 'silent' }
  | { readonly state: 'told'; readonly code: number; readonly message: unknown };

const HIDDEN: Wire = { state: 'hidden' };
const SILENT: Wire = { state: 'silent' };

type SentHeaders = Readonly<Record<string, unknown>> | undefined;

interface StreamOwner {
  readonly stream?: { readonly sentHeaders?: SentHeaders; readonly sentTrailers?: SentHeaders };
}

/**
 * A client whose deadline has passed resets the stream, and says no more than one that has changed its mind. Its time
 * began before ours, by as long as the request took to reach us: so its reset comes that much before our own timer.
 */
const hasPassed = (deadline: number, elapsedMs: number): boolean => {
  const leftMs = deadline - Date.now();
  const slackMs = Math.min(100, Math.max(10, (leftMs + elapsedMs) / 2));
  return leftMs <= slackMs;
};

const messageText = (message: unknown): string => {
  if (typeof message !== 'string') return '';
  try {
    return decodeURI(message);
  } catch {
    return message;
  }
};

/**
 * The status that the HTTP/2 stream carried away. grpc-js answers some calls by itself (its own deadline, a message that is
 * too large or no message at all) past every interceptor, and drops answers that come too late.
 */
const wireOf = (call: GrpcServerCall): Wire => {
  const { stream } = call as StreamOwner;
  if (!stream || !('sentTrailers' in stream)) return HIDDEN;
  for (const headers of [stream.sentTrailers, stream.sentHeaders]) {
    const code = headers?.['grpc-status'];
    if (code !== undefined) {
      return { state: 'told', code: Number(code), message: headers?.['grpc-message'] };
    }
  }
  return SILENT;
};

/** The status that the client could see, once the stream is closed. `given` is the app's own answer. */
export const serverOutcome = (
  call: GrpcServerCall,
  given: GrpcStatus | undefined,
  elapsedMs: number,
): GrpcStatus => {
  const wire = wireOf(call);
  if (wire.state === 'told') {
    return given?.code === wire.code
      ? given
      : { code: wire.code, details: messageText(wire.message) };
  }
  if (wire.state === 'hidden' && given) return given;
  // Nobody answered: the client is gone, by its own will or since its time was up.
  return hasPassed(Number(call.getDeadline()), elapsedMs)
    ? { code: DEADLINE_EXCEEDED, details: 'Deadline exceeded' }
    : { code: CANCELLED, details: 'Cancelled' };
};
