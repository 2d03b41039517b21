import { isIP } from 'node:net';
import { TransportConfigError } from './config-error.js';

/** Where no port is given. Source: OTLP specification, "OTLP/gRPC Default Port". @internal */
export const GRPC_PORT = 4317;

/** Where a collector listens. */
export interface Endpoint {
  readonly tls: boolean;
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** A unix socket; host and port then only name the peer. */
  readonly socketPath?: string;
  /** `host:port` as the Host header and `:authority` carry it. */
  readonly authority: string;
  /** Without a slash at its end; empty for none. */
  readonly path: string;
  /** Authorization header made of the URL's user and password. */
  readonly authorization?: string;
}

/**
 * Reads `http://`, `https://` and `unix:` URLs; the scheme decides on TLS. `unix:/run/otel.sock` and
 * `unix:///run/otel.sock` are absolute, `unix:otel.sock` is relative. Throws TransportConfigError without the value,
 * which may carry a password.
 */
export function parseEndpoint(text: string, defaultPort?: number): Endpoint {
  if (text.startsWith('unix:')) return unixEndpoint(text.slice('unix:'.length));
  if (!/^https?:\/\//i.test(text)) throw fault('must start with http://, https:// or unix:');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw fault('is not a URL');
  if (url.search !== '' || url.hash !== '') throw fault('must have no query and no fragment');
  const tls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const own = tls ? 443 : 80;
  const port = url.port === '' ? ((namesPort(text) ? own : defaultPort) ?? own) : +url.port;
  if (port === 0) throw fault('must not have port 0');
  const endpoint: Endpoint = {
    tls,
    host,
    port,
    authority: `${isIP(host) === 6 ? `[${host}]` : host}:${port}`,
    path: url.pathname.replace(/\/+$/, ''),
  };
  return url.username === '' && url.password === ''
    ? endpoint
    : { ...endpoint, authorization: basicOf(url) };
}

/** Whether a URL's text has a port: `URL` drops one that is its scheme's own, as if none had been given. @internal */
export const namesPort = (text: string): boolean => /^https?:\/\/[^/]*:\d+(?:\/|$)/i.test(text);

/** `Basic` credentials of RFC 7617 out of a URL's user and password. */
export function basicOf(url: URL): string {
  const pair = `${decoded(url.username)}:${decoded(url.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function unixEndpoint(rest: string): Endpoint {
  const socketPath = rest.startsWith('//') ? rest.slice(2) : rest;
  if (socketPath === '') throw fault('has no path of a socket');
  if (socketPath.includes('\0')) throw fault('has a NUL in its path');
  return { tls: false, host: 'localhost', port: 0, socketPath, authority: 'localhost', path: '' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function fault(rule: string): TransportConfigError {
  return new TransportConfigError('endpoint', `endpoint ${rule}`);
}
