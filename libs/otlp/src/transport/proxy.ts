import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { TransportConfigError } from '../pool/config-error.js';
import { readEndpoint } from '../pool/endpoint.js';
import type { Endpoint } from '../pool/endpoint.js';
import { failureReason } from '../pool/failure.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy settings of the environment.
 *
 * @internal
 */
type ProxyReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'proxy'; readonly proxy: Endpoint }
  /** The variable, and the remedy. */
  | { readonly kind: 'fault'; readonly variable: string; readonly text: string };

const NO_PROXY: ProxyReading = { kind: 'none' };
const RULE = 'proxy must be an http:// or https:// URL';

/**
 * The proxy that the environment names for an endpoint: `HTTPS_PROXY` or `HTTP_PROXY` by its scheme, unless
 * `NO_PROXY` lists it. Lowercase names win, as in other programs. None for unix sockets. Never throws.
 *
 * @internal
 */
export function readProxy(endpoint: Endpoint, env: Environment): ProxyReading {
  if (endpoint.socketPath !== undefined) return NO_PROXY;
  const names = endpoint.tls ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  const variable = names.find((each) => env[each]);
  if (variable === undefined) return NO_PROXY;
  if (isExempt(endpoint, env['no_proxy'] || env['NO_PROXY'] || '')) return NO_PROXY;
  const proxy = proxyIn(env[variable]!);
  return proxy === undefined ? { kind: 'fault', variable, text: RULE } : { kind: 'proxy', proxy };
}

/** Like `readProxy`, for a sender. Throws TransportConfigError. */
export function proxyOf(endpoint: Endpoint, env: Environment): Endpoint | undefined {
  const reading = readProxy(endpoint, env);
  if (reading.kind === 'fault') {
    throw new TransportConfigError('proxy', `${reading.variable}: ${reading.text}`);
  }
  return reading.kind === 'proxy' ? reading.proxy : undefined;
}

/** `http://` or `https://` URL, user and password for basic auth. Throws TransportConfigError without the value. */
export function parseProxy(text: string): Endpoint {
  const proxy = proxyIn(text);
  if (proxy === undefined) throw new TransportConfigError('proxy', RULE);
  return proxy;
}

function proxyIn(text: string): Endpoint | undefined {
  const reading = readEndpoint(text);
  const isProxy = reading.kind === 'endpoint' && reading.endpoint.socketPath === undefined;
  return isProxy ? reading.endpoint : undefined;
}

/** Entries are `*`, a host, or a domain with or without a leading dot; each may end in a port. */
function isExempt({ host, port }: Endpoint, list: string): boolean {
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry === '') return false;
      if (entry === '*') return true;
      const [, name = entry, only] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? [];
      if (only !== undefined && Number(only) !== port && !name.includes(':')) return false;
      const domain = name.replace(/^\*?\./, '');
      return host === domain || host.endsWith(`.${domain}`) || host === entry;
    });
}

type Tunnel =
  | { readonly kind: 'open'; readonly socket: Duplex }
  | { readonly kind: 'failed'; readonly reason: string };

/** A tunnel that is being made. */
interface Tunnelling {
  readonly result: Promise<Tunnel>;
  /** Settles as `failed` and leaves nothing open. */
  cancel(reason: string): void;
}

/** Asks the proxy at the other end of `socket` for a tunnel to `target`. Source: RFC 9110, CONNECT. */
export function tunnelTo(target: Endpoint, proxy: Endpoint, socket: Duplex): Tunnelling {
  const { authorization } = proxy;
  let settle: (tunnel: Tunnel) => void;
  const result = new Promise<Tunnel>((resolve) => (settle = resolve));
  function fail(reason: string): void {
    settle({ kind: 'failed', reason: `proxy_${reason}` });
    socket.destroy();
  }
  const asked = request({
    method: 'CONNECT',
    path: target.authority,
    createConnection: () => socket,
    headers: {
      host: target.authority,
      ...(authorization !== undefined && { 'proxy-authorization': authorization }),
    },
  });
  asked.on('connect', ({ statusCode = 0 }, opened, head) => {
    if (statusCode < 200 || statusCode > 299) return fail(String(statusCode));
    if (head.length > 0) opened.unshift(head);
    settle({ kind: 'open', socket: opened });
  });
  // This listener stays: an error after the reply must not throw.
  asked.on('error', (error) => fail(failureReason(error)));
  asked.end();
  return { result, cancel: fail };
}
