import {
  ATTR_ERROR_TYPE,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_RPC_STATUS_CODE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from '@opentelemetry/semantic-conventions';
import { ROOT_CONTEXT, SeverityNumber, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api';
import { exceptionCode } from '../exceptions/exception.js';
import { isStatusException } from '../exceptions/nest-outcome.js';
import { recordException } from '../exceptions/record-exception.js';
import { ATTR_EXCEPTION_CODE } from '../exceptions/semconv.js';
import { withIncoming } from '../propagation/incoming-headers.js';
import type { Incoming } from '../propagation/incoming-headers.js';
import { ownPropagator } from '../late-bound/own-telemetry.js';
import { takeNoted, withActiveCall } from './active-call.js';
import type { ActiveCall } from './active-call.js';
import { authorityAddress, peerAddress } from './address.js';
import type { GrpcMetadata, GrpcServerCall, GrpcStatus } from './grpc-js.js';
import { metadataAttribute, metadataGetter } from './metadata-carrier.js';
import type { RpcMethod } from './rpc-method.js';
import type { RpcSettings } from './rpc.settings.js';
import { ATTR_RPC_REQUEST_HEADER, EVENT_RPC_SERVER_CALL_EXCEPTION } from './semconv.js';
import type { ServerCallObserver } from './server-call.js';
import { serverOutcome } from './server-outcome.js';
import { boundedDetails, isServerError, OK, statusCodeName } from './status-code.js';
import { warnOfFault } from '../faults/fault-log.js';

/** The exception of a handler, and its time (ms since the epoch). */
interface SeenException {
  readonly error: unknown;
  readonly at: number;
}

/** The parts of a server that the span of a call needs. */
export interface ServerSpanOwner {
  readonly settings: RpcSettings;
  readonly tracer: Tracer;
  /** The context in which each call begins. */
  readonly base: Context;
  /** The call began. Returns a function to call at its end. */
  entered(span: ServerSpan, label: string): () => void;
  /** Records the duration. */
  measured(method: RpcMethod, code: number, seconds: number, context: Context): void;
}

/** The SERVER span of one call: from its request until its stream is closed, whatever closes it. */
export class ServerSpan implements ServerCallObserver, ActiveCall, Incoming {
  readonly #method: RpcMethod;
  readonly #owner: ServerSpanOwner;
  #call: GrpcServerCall | undefined;
  #metadata: GrpcMetadata | undefined;
  #span: Span | undefined;
  #context: Context = ROOT_CONTEXT;
  #startedAt = 0;
  #given: GrpcStatus | undefined;
  #exception: SeenException | undefined;
  #leave: (() => void) | undefined;

  constructor(method: RpcMethod, owner: ServerSpanOwner) {
    this.#method = method;
    this.#owner = owner;
  }

  begin(metadata: GrpcMetadata, call: GrpcServerCall): Context {
    this.#call = call;
    this.#metadata = metadata;
    this.#startedAt = performance.now();
    let parent = this.#owner.base;
    try {
      parent = ownPropagator.extract(parent, metadata, metadataGetter);
    } catch (error) {
      warnOfFault('gRPC: the incoming context could not be read', error);
    }
    this.#context = parent;
    try {
      this.#leave = this.#owner.entered(this, this.#method.name);
      this.#span = this.#owner.tracer.startSpan(
        this.#method.name,
        { kind: SpanKind.SERVER, attributes: this.#startAttributes(metadata, call) },
        parent,
      );
      this.#context = withIncoming(withActiveCall(trace.setSpan(parent, this.#span), this), this);
    } catch (error) {
      warnOfFault('gRPC: a server span could not be started', error);
    }
    return this.#context;
  }

  get name(): string {
    return this.#method.name;
  }

  /** Ends the call in place of its handler, which sees it cancelled. */
  refuse(status: GrpcStatus): void {
    this.answering(status);
    this.#call?.sendStatus(status);
  }

  incomingHeader(name: string): string | undefined {
    return this.#metadata === undefined
      ? undefined
      : metadataGetter.get(this.#metadata, name)?.toString();
  }

  answering(status: GrpcStatus): void {
    this.#given ??= status;
    if (status.code !== OK) takeNoted(this);
  }

  failed(error: unknown, at: number): void {
    if (this.#exception?.error !== error) this.#exception = { error, at };
  }

  /** Ends it once; later calls do nothing. */
  end(): void {
    const call = this.#call;
    if (!call) return;
    this.#call = undefined;
    try {
      const elapsedMs = performance.now() - this.#startedAt;
      this.#finish(serverOutcome(call, this.#given, elapsedMs), elapsedMs / 1000);
    } catch (error) {
      warnOfFault('gRPC: a server span could not be ended', error);
    } finally {
      this.#leave?.();
      this.#metadata = undefined;
    }
  }

  #finish(status: GrpcStatus, seconds: number): void {
    const span = this.#span;
    const name = statusCodeName(status.code);
    const isError = isServerError(name);
    if (isError && this.#exception && !isStatusException(this.#exception.error)) {
      this.#tell(this.#exception);
    }
    if (span?.isRecording()) {
      span.setAttribute(ATTR_RPC_STATUS_CODE, name);
      if (isError) {
        span.setAttribute(ATTR_ERROR_TYPE, name);
        span.setStatus({ code: SpanStatusCode.ERROR, message: boundedDetails(status.details) });
      }
    }
    span?.end();
    this.#owner.measured(this.#method, status.code, seconds, this.#context);
  }

  #tell(exception: SeenException): void {
    const span = this.#span;
    if (!span) return;
    const note = {
      signal: this.#owner.settings.exceptionSignal,
      eventName: EVENT_RPC_SERVER_CALL_EXCEPTION,
      severity: SeverityNumber.ERROR,
    };
    try {
      recordException(span, this.#context, exception.error, note, exception.at);
      const code = exceptionCode(exception.error);
      if (code !== undefined) span.setAttribute(ATTR_EXCEPTION_CODE, code);
    } catch (error) {
      warnOfFault('gRPC: an exception could not be recorded', error);
    }
  }

  #startAttributes(metadata: GrpcMetadata, call: GrpcServerCall): Attributes {
    const attributes: Attributes = { ...this.#method.attributes };
    const server = authorityAddress(call.getHost());
    if (server) {
      attributes[ATTR_SERVER_ADDRESS] = server.address;
      if (server.port !== undefined) attributes[ATTR_SERVER_PORT] = server.port;
    }
    const peer = call.getConnectionInfo?.() ?? peerOf(call);
    if (peer?.remoteAddress !== undefined) {
      attributes[ATTR_NETWORK_PEER_ADDRESS] = peer.remoteAddress;
      if (peer.remotePort !== undefined) attributes[ATTR_NETWORK_PEER_PORT] = peer.remotePort;
    }
    for (const key of this.#owner.settings.requestMetadata) {
      const values = metadataAttribute(metadata, key);
      if (values) attributes[ATTR_RPC_REQUEST_HEADER(key)] = values;
    }
    return attributes;
  }
}

interface Peer {
  readonly remoteAddress?: string;
  readonly remotePort?: number | undefined;
}

/** The fallback for grpc-js before 1.14. */
const peerOf = (call: GrpcServerCall): Peer | undefined => {
  const peer = peerAddress(call.getPeer());
  return peer && { remoteAddress: peer.address, remotePort: peer.port };
};
