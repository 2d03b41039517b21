import type { Context } from '@opentelemetry/api';
import { contexts } from '../context/contexts.js';
import { completed } from './grpc-js.js';
import type { GrpcClientCall, GrpcClientListener, GrpcMetadata, GrpcStatus } from './grpc-js.js';

/** The context in which the call runs, and the metadata that it sends. */
export interface StartedCall {
  readonly context: Context;
  readonly metadata: GrpcMetadata;
}

/** An observer of client calls. No method may throw. */
export interface ClientCallObserver {
  /** The call starts, in the caller's context. The given metadata is the caller's own: not to be changed. */
  begin(metadata: GrpcMetadata): StartedCall;
  /** The call is over. May come twice. */
  end(status: GrpcStatus, call: GrpcClientCall): void;
}

/** Wraps a call between the caller and grpc-js, so that the answers reach the caller in the context of its call. */
class ObservedClientCall implements GrpcClientCall, GrpcClientListener {
  readonly next: GrpcClientCall;
  readonly #observer: ClientCallObserver;
  readonly #caller: Context = contexts.active();
  #listener: Partial<GrpcClientListener> | undefined;

  constructor(next: GrpcClientCall, observer: ClientCallObserver) {
    this.next = next;
    this.#observer = observer;
  }

  start(metadata: GrpcMetadata, listener?: Partial<GrpcClientListener>): void {
    this.#listener = listener;
    const started = this.#observer.begin(metadata);
    contexts.with(started.context, () => this.next.start(started.metadata, this));
  }

  onReceiveMetadata(metadata: GrpcMetadata): void {
    contexts.with(this.#caller, () => this.#listener?.onReceiveMetadata?.(metadata));
  }

  onReceiveMessage(message: unknown): void {
    contexts.with(this.#caller, () => this.#listener?.onReceiveMessage?.(message));
  }

  onReceiveStatus(status: GrpcStatus): void {
    this.#observer.end(status, this.next);
    contexts.with(this.#caller, () => this.#listener?.onReceiveStatus?.(status));
  }

  cancelWithStatus(status: number, details: string): void {
    this.next.cancelWithStatus(status, details);
  }

  getPeer(): string {
    return this.next.getPeer();
  }

  sendMessageWithContext(messageContext: unknown, message: unknown): void {
    this.next.sendMessageWithContext(messageContext, message);
  }

  sendMessage(message: unknown): void {
    this.next.sendMessage(message);
  }

  startRead(): void {
    this.next.startRead();
  }

  halfClose(): void {
    this.next.halfClose();
  }
}

/** Wraps a call of grpc-js, whatever its release, so that `observer` follows it. */
export const observeClientCall: (
  call: GrpcClientCall,
  observer: ClientCallObserver,
) => GrpcClientCall = completed<GrpcClientCall, [ClientCallObserver]>(ObservedClientCall);
