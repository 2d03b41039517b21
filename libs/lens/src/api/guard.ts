import type { IncomingHttpHeaders } from 'node:http';
import { failure, type Answer } from '../query/answer.js';

/**
 * Admits requests from this machine that come from no other page. A `Host` that is not loopback belongs to a page
 * that pointed its own name at us (DNS rebinding). An `Origin` other than ours is a cross-site request.
 * `Sec-Fetch-Site` tells for requests without `Origin`. Undefined: the request is admitted.
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

/** The name without port and brackets, in lower case; `''` if the header is not a host. */
function hostName(host: string): string {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:@/[\]]+))(?::\d{1,5})?$/i.exec(host);
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase();
}

/** True for the addresses and the name that only this machine reaches. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
