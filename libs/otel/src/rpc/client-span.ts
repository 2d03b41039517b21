import {
  ATTR_ERROR_TYPE,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_RPC_STATUS_CODE,
} from '@opentelemetry/semantic-conventions';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api';
import { contexts } from '../context/contexts.js';
import { exceptionType } from '../exceptions/exception-type.js';
import { failSpan } from '../exceptions/record-exception.js';
import { peerAddress } from './address.js';
import { injectContext } from '../propagation/client-headers.js';
import type { ClientCallObserver, StartedCall } from './client-call.js';
import type { GrpcClientCall, GrpcMetadata, GrpcStatus } from './grpc-js.js';
import { metadataAttribute, metadataHeaders } from './metadata-carrier.js';
import type { RpcMethod } from './rpc-method.js';
import type { RpcSettings } from './rpc.settings.js';
import { ATTR_RPC_REQUEST_HEADER } from './semconv.js';
import { boundedDetails, CANCELLED, OK, statusCodeName } from './status-code.js';
import { warnOfFault } from '../faults/fault-log.js';

/** The parts of a client that the span of a call needs. */
export interface ClientSpanOwner {
  readonly settings: RpcSettings;
  readonly tracer: Tracer;
  began(span: ClientSpan): void;
  ended(span: ClientSpan): void;
  /** Records the duration. `end` is the status, or the error's type if no call came about. */
  measured(method: RpcMethod, end: number | string, seconds: number, context: Context): void;
}

/** The CLIENT span of one call: from its start until its status, retries within. */
export class ClientSpan implements ClientCallObserver {
  readonly #method: RpcMethod;
  readonly #owner: ClientSpanOwner;
  #span: Span | undefined;
  #context: Context = contexts.active();
  #startedAt = 0;
  #ended = false;

  constructor(method: RpcMethod, owner: ClientSpanOwner) {
    this.#method = method;
    this.#owner = owner;
  }

  begin(metadata: GrpcMetadata): StartedCall {
    this.#start(metadata);
    return { context: this.#context, metadata: this.#injected(metadata) };
  }

  end(status: GrpcStatus, call?: GrpcClientCall): void {
    this.#finish(status.code, () => {
      const name = statusCodeName(status.code);
      const span = this.#span;
      if (!span?.isRecording()) return;
      span.setAttribute(ATTR_RPC_STATUS_CODE, name);
      const peer = call && peerAddress(call.getPeer());
      if (peer) {
        span.setAttribute(ATTR_NETWORK_PEER_ADDRESS, peer.address);
        if (peer.port !== undefined) span.setAttribute(ATTR_NETWORK_PEER_PORT, peer.port);
      }
      if (status.code === OK) return;
      span.setAttribute(ATTR_ERROR_TYPE, name);
      span.setStatus({ code: SpanStatusCode.ERROR, message: boundedDetails(status.details) });
    });
  }

  /** grpc-js threw instead of calling, such as on a closed channel. */
  refused(error: Error): void {
    this.#start(undefined);
    this.#finish(exceptionType(error), () => {
      if (this.#span) failSpan(this.#span, error);
    });
  }

  /** The app ends, so the status will not be known any more. */
  abandon(): void {
    this.end({ code: CANCELLED, details: 'The app has ended' });
  }

  #start(metadata: GrpcMetadata | undefined): void {
    const parent = contexts.active();
    this.#startedAt = performance.now();
    try {
      const attributes = this.#startAttributes(metadata);
      this.#span = this.#owner.tracer.startSpan(
        this.#method.name,
        { kind: SpanKind.CLIENT, attributes },
        parent,
      );
      this.#context = trace.setSpan(parent, this.#span);
      this.#owner.began(this);
    } catch (error) {
      warnOfFault('gRPC: a client span could not be started', error);
    }
  }

  #finish(end: number | string, describe: () => void): void {
    if (this.#ended) return;
    this.#ended = true;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    try {
      describe();
      this.#span?.end();
      this.#owner.measured(this.#method, end, seconds, this.#context);
    } catch (error) {
      warnOfFault('gRPC: a client span could not be ended', error);
    } finally {
      this.#owner.ended(this);
    }
  }

  #injected(metadata: GrpcMetadata): GrpcMetadata {
    try {
      // Apps keep one Metadata for many calls, or pass on the one that a server received.
      const copy = metadata.clone();
      injectContext(this.#context, metadataHeaders(copy));
      return copy;
    } catch (error) {
      warnOfFault('gRPC: the context could not be sent', error);
      return metadata;
    }
  }

  #startAttributes(metadata: GrpcMetadata | undefined): Attributes {
    const attributes: Attributes = { ...this.#method.attributes };
    for (const key of this.#owner.settings.requestMetadata) {
      const values = metadata && metadataAttribute(metadata, key);
      if (values) attributes[ATTR_RPC_REQUEST_HEADER(key)] = values;
    }
    return attributes;
  }
}
