/** The part of Nest's transport server that is read here. A custom server may lack all of it. */
export interface TransportServer {
  readonly transportId?: unknown;
  readonly url?: unknown;
  readonly createServiceMethod?: unknown;
  options?: object;
  /** The grpc-js server, from `listen()` to `close()`. */
  readonly grpcClient?: object | null;
}
