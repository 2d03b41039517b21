import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import type { Writable } from 'node:stream';

/** One port of a receiver. */
export interface Endpoint {
  /** Resolves with the port. Rejects with the error of node:net, such as EADDRINUSE. */
  listen(port: number, host: string): Promise<number>;
  /** Gives requests in flight time to answer, at most until `signal` aborts. Then it closes all connections. */
  close(signal?: AbortSignal): Promise<void>;
  connections(): number;
}

/** Time that requests in flight get when the receiver closes, in ms. */
export const CLOSE_GRACE_MS = 1000;

/** Resolves at `event` or when `stream` is gone. A peer that does not read its answer is cut off after `timeoutMs`. */
export function taken(
  stream: Writable,
  event: 'finish' | 'close',
  timeoutMs: number,
): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => stream.destroy(), timeoutMs);
    timer.unref();
    function settle(): void {
      clearTimeout(timer);
      resolve();
    }
    stream.once(event, settle);
    stream.once('close', settle);
  });
}

/** Resolves with the port of `server`. Rejects with the error of node:net. */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** One string for each name, without the pseudo headers of HTTP/2. A header named `__proto__` is data. */
export function joinHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const joined = Object.create(null) as Record<string, string>;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined || name.startsWith(':')) continue;
    joined[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return joined;
}
