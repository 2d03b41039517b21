import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { TransportConfigError } from '../pool/config-error.js';
import { parseEndpoint } from '../pool/endpoint.js';
import type { Endpoint } from '../pool/endpoint.js';
import { failureReason } from '../pool/failure.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that the environment names for an endpoint: `HTTPS_PROXY` or `HTTP_PROXY` by its scheme, unless `NO_PROXY` lists
 * it; lowercase names win, as everywhere. Undefined for none and for unix sockets. Throws TransportConfigError.
 */
export function proxyOf(endpoint: Endpoint, env: Environment): Endpoint | undefined {
  if (endpoint.socketPath !== undefined) return undefined;
  const names = endpoint.tls ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  const name = names.find((each) => env[each]);
  if (name === undefined) return undefined;
  if (isExempt(endpoint, env['no_proxy'] || env['NO_PROXY'] || '')) return undefined;
  return parseProxy(env[name]!, `${name}: `);
}

/** The same for an endpoint's URL, as a URL without credentials; undefined also for what cannot be read. @internal */
export function proxyUrlOf(endpoint: string, env: Environment): string | undefined {
  try {
    const proxy = proxyOf(parseEndpoint(endpoint), env);
    return proxy && `${proxy.tls ? 'https' : 'http'}://${proxy.authority}`;
  } catch {
    return undefined;
  }
}

/**
 * `http://` or `https://` URL, user and password for basic auth. Throws TransportConfigError without the value; `from`
 * says where it stands.
 */
export function parseProxy(text: string, from = ''): Endpoint {
  try {
    if (/^https?:/i.test(text)) return parseEndpoint(text);
  } catch {
    // Said below.
  }
  const rule = 'proxy must be an http:// or https:// URL';
  throw new TransportConfigError('proxy', from + rule);
}

/** Entries are `*`, a host, or a domain with or without a dot before it; each may end in a port. */
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

export type Tunnel =
  | { readonly kind: 'open'; readonly socket: Duplex }
  | { readonly kind: 'failed'; readonly reason: string };

/** A tunnel in the making. */
export interface Tunnelling {
  readonly result: Promise<Tunnel>;
  /** Settles as `failed` and leaves nothing open. */
  cancel(reason: string): void;
}

/** Asks the proxy at the other end of `socket` for a way to `target`. Source: RFC 9110, CONNECT. */
export function tunnelTo(target: Endpoint, proxy: Endpoint, socket: Duplex): Tunnelling {
  const { authorization } = proxy;
  let settle: (tunnel: Tunnel) => void;
  const result = new Promise<Tunnel>((resolve) => (settle = resolve));
  const fail = (reason: string): void => {
    settle({ kind: 'failed', reason: `proxy_${reason}` });
    socket.destroy();
  };
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
  // Stays for good: an error after the reply must not throw.
  asked.on('error', (error) => fail(failureReason(error)));
  asked.end();
  return { result, cancel: fail };
}
