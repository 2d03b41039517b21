import { claim, isCancellation } from './client-request.js';
import type { ClientCall, ClientCalls, Peer } from './client-calls.js';
import type { HeaderCarrier } from '../propagation/client-headers.js';

/** A request of undici or `fetch`. */
interface UndiciRequest {
  readonly origin?: string | URL;
  readonly path: string;
  readonly method: string;
  /** Flat list of names and values; one text in undici 5. */
  headers: unknown[] | string;
  addHeader(name: string, value: string): unknown;
}

const isName = (entry: unknown, name: string): boolean => String(entry).toLowerCase() === name;
const isNamed = (line: string, name: string): boolean =>
  line[name.length] === ':' && line.slice(0, name.length).toLowerCase() === name;

class UndiciHeaders implements HeaderCarrier {
  readonly #request: UndiciRequest;

  constructor(request: UndiciRequest) {
    this.#request = request;
  }

  get(name: string): string | undefined {
    const { headers } = this.#request;
    const values =
      typeof headers === 'string'
        ? headers
            .split('\r\n')
            .filter((line) => isNamed(line, name))
            .map((line) => line.slice(name.length + 1).trim())
        : headers.filter((_, at) => at % 2 === 1 && isName(headers[at - 1], name));
    return values.length === 0 ? undefined : values.join(',');
  }

  set(name: string, value: string): void {
    this.#request.addHeader(name, value);
  }

  // addHeader() would write a second one. The published list is the one that undici writes from.
  remove(name: string): void {
    const { headers } = this.#request;
    if (typeof headers === 'string') {
      this.#request.headers = headers
        .split('\r\n')
        .filter((line) => !isNamed(line, name))
        .join('\r\n');
      return;
    }
    for (let at = headers.length - 2; at >= 0; at -= 2) {
      if (isName(headers[at], name)) headers.splice(at, 2);
    }
  }
}

/** The messages that undici publishes for each request on the wire, of `fetch` and of the undici package alike. */
export const undiciHandlers = (
  calls: ClientCalls,
): Readonly<Record<string, (message: unknown) => void>> => {
  const open = new WeakMap<object, ClientCall>();
  return {
    'undici:request:create': (message) => {
      const { request } = message as { readonly request: UndiciRequest };
      if (request.origin === undefined || !calls.hears() || !claim(request)) return;
      const call = calls.begin({
        method: request.method,
        origin: String(request.origin),
        path: request.path,
        headers: new UndiciHeaders(request),
      });
      if (call !== undefined) open.set(request, call);
    },
    'undici:client:sendHeaders': (message) => {
      const { request, socket } = message as { readonly request: object; readonly socket?: Peer };
      const call = open.get(request);
      if (call !== undefined && socket !== undefined) calls.sentTo(call, socket);
    },
    'undici:request:headers': (message) => {
      const { request, response } = message as {
        readonly request: object;
        readonly response: { readonly statusCode: number };
      };
      const call = open.get(request);
      // Early hints and their like are no answer; a switch of protocols is.
      if (call === undefined || (response.statusCode < 200 && response.statusCode !== 101)) return;
      calls.answered(call, response.statusCode);
    },
    'undici:request:error': (message) => {
      const { request, error } = message as { readonly request: object; readonly error: unknown };
      const call = open.get(request);
      if (call === undefined) return;
      if (isCancellation(error)) calls.cancelled(call);
      else calls.failed(call, error);
    },
    // Not every version tells the headers of an upgrade; then this is the last that is heard.
    'undici:request:trailers': (message) => {
      const call = open.get((message as { readonly request: object }).request);
      if (call !== undefined) calls.cancelled(call);
    },
  };
};
