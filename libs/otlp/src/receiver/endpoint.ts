import type { Writable } from 'node:stream';

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

/** Resolves at `event` or when `stream` is gone; a peer that does not take its answer is cut off after `timeoutMs`. */
export function taken(
  stream: Writable,
  event: 'finish' | 'close',
  timeoutMs: number,
): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => stream.destroy(), timeoutMs);
    timer.unref();
    const settle = (): void => {
      clearTimeout(timer);
      resolve();
    };
    stream.once(event, settle);
    stream.once('close', settle);
  });
}
