/** One port of a receiver. */
export interface Endpoint {
  /** The port that it got. Rejects with the error of node:net, such as EADDRINUSE. */
  listen(port: number, host: string): Promise<number>;
  /** Lets requests in flight have their answer for a moment, at most until `signal` aborts, then cuts all. */
  close(signal?: AbortSignal): Promise<void>;
  connections(): number;
}

/** Time that requests in flight get when the receiver closes. */
export const CLOSE_GRACE_MS = 1000;
