import type { IncomingHttpHeaders } from 'node:http';
import { failure, type Answer } from '../query/answer.js';

/**
 * Lets in only what comes from this machine and from no other page. A `Host` that is not loopback is a
 * page which pointed its own name at us (DNS rebinding); an `Origin` other than ours is a page that asks
 * across sites; `Sec-Fetch-Site` tells on requests which carry no `Origin`. Undefined: let it in.
 */
export function guard(headers: IncomingHttpHeaders): Answer | undefined {
  const { host, origin } = headers;
  if (host === undefined || !isLoopback(hostName(host))) {
    return failure(403, 'host_not_allowed', 'ask for localhost, 127.0.0.1 or [::1]');
  }
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    return failure(403, 'origin_not_allowed', 'pages of other origins may not ask');
  }
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return failure(403, 'site_not_allowed', 'pages of other sites may not ask');
  }
  return undefined;
}

/** The name without port and brackets, in lower case; `''` where the header is not a host. */
function hostName(host: string): string {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:@/[\]]+))(?::\d{1,5})?$/i.exec(host);
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase();
}

/** True for the addresses and the name that only this machine reaches. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
