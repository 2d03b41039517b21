import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { contexts } from '../context/contexts.js';
import { completed } from './grpc-js.js';
import type { GrpcMetadata, GrpcServerCall, GrpcServerListener, GrpcStatus } from './grpc-js.js';

/** An observer of server calls. No method may throw. */
export interface ServerCallObserver {
  /** The request came. Returns the context in which all of the call runs. */
  begin(metadata: GrpcMetadata, call: GrpcServerCall): Context;
  /** The app answered; whether the wire takes this status is known only at the end. */
  answering(status: GrpcStatus): void;
  /** The stream is closed, after the status went out or without one. grpc-js reports it once. */
  end(): void;
}

/** Stands between grpc-js and the handler: runs each event of the call in the call's context. */
class ObservedServerCall implements GrpcServerCall, GrpcServerListener {
  readonly next: GrpcServerCall;
  readonly #observer: ServerCallObserver;
  #context: Context = ROOT_CONTEXT;
  #listener!: GrpcServerListener;

  constructor(next: GrpcServerCall, observer: ServerCallObserver) {
    this.next = next;
    this.#observer = observer;
  }

  start(listener: GrpcServerListener): void {
    this.#listener = listener;
    this.next.start(this);
  }

  onReceiveMetadata(metadata: GrpcMetadata): void {
    this.#context = this.#observer.begin(metadata, this.next);
    const listener = this.#listener;
    contexts.with(this.#context, () => listener.onReceiveMetadata(metadata));
  }

  onReceiveMessage(message: unknown): void {
    const listener = this.#listener;
    contexts.with(this.#context, () => listener.onReceiveMessage(message));
  }

  // Unary and server-stream handlers start here.
  onReceiveHalfClose(): void {
    const listener = this.#listener;
    contexts.with(this.#context, () => listener.onReceiveHalfClose());
  }

  onCancel(): void {
    const listener = this.#listener;
    try {
      contexts.with(this.#context, () => listener.onCancel());
    } finally {
      this.#observer.end();
    }
  }

  sendStatus(status: GrpcStatus): void {
    this.#observer.answering(status);
    this.next.sendStatus(status);
  }

  sendMetadata(metadata: unknown): void {
    this.next.sendMetadata(metadata);
  }

  sendMessage(message: unknown, callback: () => void): void {
    this.next.sendMessage(message, callback);
  }

  startRead(): void {
    this.next.startRead();
  }

  getPeer(): string {
    return this.next.getPeer();
  }

  getDeadline(): number | Date {
    return this.next.getDeadline();
  }

  getHost(): string | undefined {
    return this.next.getHost();
  }
}

/** Wraps a call of grpc-js, whatever its release, so that `observer` follows it. */
export const observeServerCall: (
  call: GrpcServerCall,
  observer: ServerCallObserver,
) => GrpcServerCall = completed<GrpcServerCall, [ServerCallObserver]>(ObservedServerCall);
