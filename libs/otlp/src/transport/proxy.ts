import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { TransportConfigError } from '../pool/config-error.js';
import { parseEndpoint } from '../pool/endpoint.js';
import type { Endpoint } from '../pool/endpoint.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that the environment names for an endpoint: `HTTPS_PROXY` or `HTTP_PROXY` by its scheme, unless `NO_PROXY` lists
 * it; lowercase names win, as everywhere. Undefined for none and for unix sockets. Throws TransportConfigError.
 */
export function proxyOf(endpoint: Endpoint, env: Environment): Endpoint | undefined {
  if (endpoint.socketPath !== undefined) return undefined;
  const named = endpoint.tls
    ? env['https_proxy'] || env['HTTPS_PROXY']
    : env['http_proxy'] || env['HTTP_PROXY'];
  if (!named || isExempt(endpoint, env['no_proxy'] || env['NO_PROXY'] || '')) return undefined;
  return parseProxy(named);
}

/** `http://` or `https://` URL, user and password for basic auth. Throws TransportConfigError without the value. */
export function parseProxy(text: string): Endpoint {
  try {
    return parseEndpoint(text);
  } catch {
    throw new TransportConfigError('proxy', 'proxy must be an http:// or https:// URL');
  }
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

/** Asks the proxy at the other end of `socket` for a way to `target`. Source: RFC 9110, CONNECT. */
export function tunnelTo(target: Endpoint, proxy: Endpoint, socket: Duplex): Promise<Tunnel> {
  const { authorization } = proxy;
  return new Promise((resolve) => {
    const asked = request({
      method: 'CONNECT',
      path: target.authority,
      createConnection: () => socket,
      headers: {
        host: target.authority,
        ...(authorization !== undefined && { 'proxy-authorization': authorization }),
      },
    });
    asked.on('connect', (response, opened, head) => {
      if (response.statusCode !== 200) {
        opened.destroy();
        return resolve({ kind: 'failed', reason: `proxy_${response.statusCode}` });
      }
      if (head.length > 0) opened.unshift(head);
      resolve({ kind: 'open', socket: opened });
    });
    asked.on('error', () => resolve({ kind: 'failed', reason: 'proxy_broken' }));
    asked.end();
  });
}
