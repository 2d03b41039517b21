import type { IncomingHttpHeaders } from 'node:http';

/** One string per name, without the pseudo headers of HTTP/2. Of a `__proto__` header it is data. */
export function joinHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const joined = Object.create(null) as Record<string, string>;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined || name.startsWith(':')) continue;
    joined[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return joined;
}
