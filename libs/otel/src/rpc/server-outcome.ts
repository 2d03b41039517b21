import type { GrpcServerCall, GrpcStatus } from './grpc-js.js';
import { CANCELLED, DEADLINE_EXCEEDED } from './status-code.js';

type Wire =
  | { readonly state: 'hidden' }
  | { readonly state: 'silent' }
  | { readonly state: 'told'; readonly code: number; readonly details: string };

const HIDDEN: Wire = { state: 'hidden' };
const SILENT: Wire = { state: 'silent' };

type SentHeaders = Readonly<Record<string, unknown>> | undefined;

interface StreamOwner {
  readonly stream?: { readonly sentHeaders?: SentHeaders; readonly sentTrailers?: SentHeaders };
}

/** A client whose deadline has passed resets the stream about when our own timer fires, and may be first. */
const DEADLINE_SLACK_MS = 10;

const decoded = (message: unknown): string => {
  if (typeof message !== 'string') return '';
  try {
    return decodeURI(message);
  } catch {
    return message;
  }
};

/**
 * What the HTTP/2 stream carried away. grpc-js answers some calls by itself (its own deadline, a message that is
 * too large or no message at all) past every interceptor, and drops answers that come too late.
 */
const wireOf = (call: GrpcServerCall): Wire => {
  const { stream } = call as StreamOwner;
  if (!stream || !('sentTrailers' in stream)) return HIDDEN;
  for (const headers of [stream.sentTrailers, stream.sentHeaders]) {
    const code = headers?.['grpc-status'];
    if (code !== undefined) {
      return { state: 'told', code: Number(code), details: decoded(headers?.['grpc-message']) };
    }
  }
  return SILENT;
};

/** The status that the client could see, once the stream is closed. `given` is the app's own answer. */
export const serverOutcome = (call: GrpcServerCall, given: GrpcStatus | undefined): GrpcStatus => {
  const wire = wireOf(call);
  if (wire.state === 'told') return given?.code === wire.code ? given : wire;
  if (wire.state === 'hidden' && given) return given;
  // Nobody answered: the client is gone, by its own will or since its time was up.
  return Number(call.getDeadline()) - Date.now() <= DEADLINE_SLACK_MS
    ? { code: DEADLINE_EXCEEDED, details: 'Deadline exceeded' }
    : { code: CANCELLED, details: 'Cancelled' };
};
