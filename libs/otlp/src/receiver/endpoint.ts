import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
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

/** Resolves to the port that `server` got. Rejects with the error of node:net. */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** One string per name, without the pseudo headers of HTTP/2. Of a `__proto__` header it is data. */
export function joinHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const joined = Object.create(null) as Record<string, string>;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined || name.startsWith(':')) continue;
    joined[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return joined;
}
