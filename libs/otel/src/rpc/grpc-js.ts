/*
 * The parts of grpc-js that this room touches, written down by hand: grpc-js is an optional peer, and an
 * app may hold several copies of it. Nothing of it is imported, so every copy and every bundle will do.
 */

export type GrpcMetadataValue = string | Uint8Array;

export interface GrpcMetadata {
  get(key: string): GrpcMetadataValue[];
  set(key: string, value: string): void;
  remove(key: string): void;
  clone(): GrpcMetadata;
  getMap(): Record<string, GrpcMetadataValue>;
}

export interface GrpcStatus {
  readonly code: number;
  readonly details: string;
}

export interface GrpcServerListener {
  onReceiveMetadata(metadata: GrpcMetadata): void;
  onReceiveMessage(message: unknown): void;
  onReceiveHalfClose(): void;
  onCancel(): void;
}

/** `ServerInterceptingCallInterface`. */
export interface GrpcServerCall {
  start(listener: GrpcServerListener): void;
  sendMetadata(metadata: unknown): void;
  sendMessage(message: unknown, callback: () => void): void;
  sendStatus(status: GrpcStatus): void;
  startRead(): void;
  getPeer(): string;
  getDeadline(): number | Date;
  getHost(): string | undefined;
  getAuthContext?(): unknown;
  /** Since grpc-js 1.14. */
  getConnectionInfo?(): { remoteAddress?: string; remotePort?: number };
  /** Since grpc-js 1.14. */
  getMetricsRecorder?(): unknown;
}

export interface GrpcMethodDefinition {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

export type GrpcServerInterceptor = (
  method: GrpcMethodDefinition,
  call: GrpcServerCall,
) => GrpcServerCall;

export interface GrpcClientListener {
  onReceiveMetadata(metadata: GrpcMetadata): void;
  onReceiveMessage(message: unknown): void;
  onReceiveStatus(status: GrpcStatus): void;
}

/** `InterceptingCallInterface`. */
export interface GrpcClientCall {
  start(metadata: GrpcMetadata, listener?: Partial<GrpcClientListener>): void;
  cancelWithStatus(status: number, details: string): void;
  getPeer(): string;
  sendMessageWithContext(context: unknown, message: unknown): void;
  sendMessage(message: unknown): void;
  startRead(): void;
  halfClose(): void;
  getAuthContext?(): unknown;
}

export interface GrpcCallOptions {
  readonly method_definition: GrpcMethodDefinition;
}

export type GrpcNextCall = (options: GrpcCallOptions) => GrpcClientCall;
export type GrpcClientInterceptor = (
  options: GrpcCallOptions,
  nextCall: GrpcNextCall,
) => GrpcClientCall;

type Method = (this: { readonly next: object }, ...args: unknown[]) => unknown;
type Wrapper<T, A extends unknown[]> = new (next: T, ...rest: A) => T & { readonly next: T };

/**
 * Makes a wrapper class complete: grpc-js adds methods to its call objects from release to release, and one
 * that the wrapper lacks would fail in the caller's hands. What it lacks goes to the wrapped call.
 */
export const completed = <T extends object, A extends unknown[]>(
  base: Wrapper<T, A>,
): ((next: T, ...rest: A) => T & { readonly next: T }) => {
  const classes = new WeakMap<object, Wrapper<T, A>>();
  const classFor = (prototype: object): Wrapper<T, A> => {
    const known = classes.get(prototype);
    if (known) return known;
    const Complete = class extends (base as unknown as new (...args: unknown[]) => object) {};
    for (let at = prototype; at !== Object.prototype && at; at = Object.getPrototypeOf(at)) {
      for (const name of Object.getOwnPropertyNames(at)) {
        if (name in Complete.prototype) continue;
        const forward: Method = function (...args) {
          return (Reflect.get(this.next, name) as (...all: unknown[]) => unknown).apply(
            this.next,
            args,
          );
        };
        Object.defineProperty(Complete.prototype, name, { value: forward, configurable: true });
      }
    }
    classes.set(prototype, Complete as unknown as Wrapper<T, A>);
    return Complete as unknown as Wrapper<T, A>;
  };
  return (next, ...rest) => new (classFor(Object.getPrototypeOf(next) as object))(next, ...rest);
};
