import type { Protocol } from '../wire/model.js';
import { TransportConfigError } from './config-error.js';

/** The port of gRPC where none is given. Source: OTLP specification, "OTLP/gRPC Default Port". @internal */
export const GRPC_PORT = 4317;

/** The address of a collector. */
export interface Endpoint {
  readonly tls: boolean;
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path of a unix socket; host and port then only name the peer. */
  readonly socketPath?: string;
  /** `host:port`, as in the Host header and `:authority`. */
  readonly authority: string;
  /** Without a trailing slash; empty for no path. */
  readonly path: string;
  /** Authorization header made from the URL's user and password. */
  readonly authorization?: string;
}

/**
 * Why the text of an endpoint is refused: unknown or missing scheme, not a URL, a query or fragment, port 0, or no
 * path of a socket.
 *
 * @internal
 */
export type EndpointFault = 'scheme' | 'url' | 'query' | 'port' | 'socket';

/** @internal */
export type EndpointReading =
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint }
  | { readonly kind: 'fault'; readonly fault: EndpointFault };

/**
 * Reads `http://`, `https://` and `unix:` URLs. The scheme decides on TLS. `unix:/run/otel.sock` and
 * `unix:///run/otel.sock` are absolute, `unix:otel.sock` is relative. `defaultPort` is used for a text without a
 * port; its default is the scheme's own. Never throws.
 *
 * @internal
 */
export function readEndpoint(text: string, defaultPort?: number): EndpointReading {
  if (text.startsWith('unix:')) return unixEndpoint(text.slice('unix:'.length));
  if (!/^https?:\/\/[^/]/i.test(text)) return fault('scheme');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return fault('url');
  if (url.search !== '' || url.hash !== '') return fault('query');
  const tls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const own = tls ? 443 : 80;
  const port = url.port === '' ? ((namesPort(text) ? own : defaultPort) ?? own) : +url.port;
  if (port === 0) return fault('port');
  const endpoint: Endpoint = {
    tls,
    host,
    port,
    authority: `${url.hostname}:${port}`,
    path: url.pathname.replace(/\/+$/, ''),
  };
  const isAnonymous = url.username === '' && url.password === '';
  const authorization = isAnonymous ? {} : { authorization: basicOf(url) };
  return { kind: 'endpoint', endpoint: { ...endpoint, ...authorization } };
}

const RULES: Readonly<Record<EndpointFault, string>> = {
  scheme: 'must start with http://, https:// or unix:',
  url: 'is not a URL',
  query: 'must have no query and no fragment',
  port: 'must not have port 0',
  socket: 'has no path of a socket',
};

/** The remedy for a refused endpoint, as the end of a sentence. */
export function ruleOf(name: EndpointFault): string {
  return RULES[name];
}

/** Throws TransportConfigError. Its message leaves out the value, which may carry a password. */
export function parseEndpoint(text: string, defaultPort?: number): Endpoint {
  const reading = readEndpoint(text, defaultPort);
  if (reading.kind === 'endpoint') return reading.endpoint;
  throw new TransportConfigError('endpoint', `endpoint ${ruleOf(reading.fault)}`);
}

/**
 * An endpoint as a URL without user and password. The port of gRPC is always written, since readers of a URL without
 * a port assume different ones. For HTTP the scheme's own port is left out, as in the Host header.
 *
 * @internal
 */
export function urlOf(
  { tls, port, authority, path, socketPath }: Endpoint,
  protocol: Protocol,
): string {
  if (socketPath !== undefined) return `unix:${socketPath}`;
  return `${originOf({ tls, port, authority }, protocol)}${path || '/'}`;
}

/**
 * The endpoint as a URL without user, password and path, for display.
 *
 * @internal
 */
export function originOf(
  { tls, port, authority, socketPath }: Pick<Endpoint, 'tls' | 'port' | 'authority' | 'socketPath'>,
  protocol: Protocol,
): string {
  if (socketPath !== undefined) return `unix:${socketPath}`;
  const isOwn = port === (tls ? 443 : 80) && protocol !== 'grpc';
  const place = isOwn ? authority.slice(0, -`:${port}`.length) : authority;
  return `${tls ? 'https' : 'http'}://${place}`;
}

/** Whether a URL's text has a port. `URL` drops a port that is its scheme's own, as if none had been given. */
function namesPort(text: string): boolean {
  return /^https?:\/\/[^/]*:\d+(?:\/|$)/i.test(text);
}

/** `Basic` credentials of RFC 7617, made from a URL's user and password. */
function basicOf(url: URL): string {
  const pair = `${decoded(url.username)}:${decoded(url.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function unixEndpoint(rest: string): EndpointReading {
  const socketPath = rest.startsWith('//') ? rest.slice(2) : rest;
  if (socketPath === '' || socketPath.includes('\0')) return fault('socket');
  const endpoint = {
    tls: false,
    host: 'localhost',
    port: 0,
    socketPath,
    authority: 'localhost',
    path: '',
  };
  return { kind: 'endpoint', endpoint };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function fault(name: EndpointFault): EndpointReading {
  return { kind: 'fault', fault: name };
}
