import { isIP } from 'node:net';

/** `server.address` and `server.port`, or those of the peer. */
interface Address {
  readonly address: string;
  readonly port: number | undefined;
}

const LONGEST_HOST = 255;

/** Splits `host:port`, `[v6]:port` and bare hosts; `undefined` for anything else. */
const splitHostPort = (text: string): Address | undefined => {
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    const host = text.slice(1, end);
    if (end < 0 || isIP(host) !== 6) return undefined;
    if (end === text.length - 1) return { address: host, port: undefined };
    return text[end + 1] === ':' ? withPort(host, text.slice(end + 2)) : undefined;
  }
  const colon = text.lastIndexOf(':');
  if (colon < 0) return text === '' ? undefined : { address: text, port: undefined };
  if (text.indexOf(':') !== colon) {
    return isIP(text) === 6 ? { address: text, port: undefined } : undefined;
  }
  return colon === 0 ? undefined : withPort(text.slice(0, colon), text.slice(colon + 1));
};

const withPort = (address: string, text: string): Address | undefined => {
  const port = Number(text);
  const valid = text !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535;
  return valid ? { address, port } : undefined;
};

const strip = (text: string, prefix: string): string | undefined =>
  text.startsWith(prefix) ? text.slice(prefix.length) : undefined;

const hostOf = (path: string | undefined): Address | undefined =>
  path === undefined || path.includes(',') || path.includes('/') ? undefined : splitHostPort(path);

/**
 * `server.address` and `server.port` of a channel target, by its configuration and not by what it resolves
 * to (semconv rpc/grpc.md). Socket paths are addresses; a target that names no single host is told whole.
 */
export const targetAddress = (target: string): Address => {
  const whole: Address = { address: target, port: undefined };
  const socket =
    strip(target, 'unix://') ?? strip(target, 'unix:') ?? strip(target, 'unix-abstract:');
  if (socket !== undefined) return { address: socket, port: undefined };
  const dns = strip(target, 'dns:');
  if (dns !== undefined) {
    // dns:host, or dns://[resolver]/host
    const path = dns.startsWith('//') ? dns.slice(dns.indexOf('/', 2) + 1) : dns;
    return hostOf(path) ?? whole;
  }
  return hostOf(strip(target, 'ipv4:') ?? strip(target, 'ipv6:') ?? target) ?? whole;
};

let lastAuthority: string | undefined;
let lastAddress: Address | undefined;

/**
 * The host and port of `:authority`. The client chooses them, so a value that is no host is left out.
 * Remembers the last one: a server is mostly called by one name.
 */
export const authorityAddress = (authority: string | undefined): Address | undefined => {
  if (authority === undefined || authority.length > LONGEST_HOST) return undefined;
  if (authority !== lastAuthority) {
    lastAddress = hostOf(authority);
    lastAuthority = authority;
  }
  return lastAddress;
};

/** A peer as grpc-js tells it; only once it is connected is this an IP address. */
export const peerAddress = (peer: string): Address | undefined => {
  const found = hostOf(peer);
  return found && isIP(found.address) !== 0 ? found : undefined;
};
