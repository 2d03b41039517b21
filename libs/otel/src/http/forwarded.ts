import type { IncomingHttpHeaders } from 'node:http';

/** The facts that the nearest proxies report of the original request. They are trusted only with `http.trustProxy`. */
export interface Forwarded {
  readonly scheme: string | undefined;
  readonly host: string | undefined;
  readonly client: string | undefined;
}

// More than any honest chain; a longer header is not worth a look.
const LONGEST_HEADER = 4096;

const shortHeader = (header: string | string[] | undefined): string | undefined => {
  const text = Array.isArray(header) ? header[0] : header;
  return text !== undefined && text.length <= LONGEST_HEADER ? text : undefined;
};

const firstOf = (header: string | string[] | undefined): string | undefined => {
  const text = shortHeader(header);
  if (text === undefined) return undefined;
  const comma = text.indexOf(',');
  return (comma === -1 ? text : text.slice(0, comma)).trim() || undefined;
};

const unquoted = (value: string): string =>
  value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;

const schemeOf = (text: string | undefined): string | undefined => {
  const scheme = text?.toLowerCase();
  return scheme === 'http' || scheme === 'https' ? scheme : undefined;
};

// RFC 7239, 6: an obfuscated or unknown node is not an address; a port may follow.
const nodeOf = (text: string | undefined): string | undefined => {
  if (text === undefined || text.startsWith('_') || text.toLowerCase() === 'unknown') {
    return undefined;
  }
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    return end > 1 ? text.slice(1, end) : undefined;
  }
  const colon = text.indexOf(':');
  return colon !== -1 && colon === text.lastIndexOf(':') ? text.slice(0, colon) : text;
};

/** First element of `Forwarded` (RFC 7239), else of `X-Forwarded-*`. Linear in the header's length. */
export const readForwarded = (headers: IncomingHttpHeaders): Forwarded => {
  const element = firstOf(headers['forwarded']);
  if (element === undefined) {
    return {
      scheme: schemeOf(firstOf(headers['x-forwarded-proto'])),
      host: firstOf(headers['x-forwarded-host']),
      client: nodeOf(firstOf(headers['x-forwarded-for'])),
    };
  }
  const pairs = new Map<string, string>();
  for (const pair of element.split(';')) {
    const equals = pair.indexOf('=');
    if (equals === -1) continue;
    pairs.set(pair.slice(0, equals).trim().toLowerCase(), unquoted(pair.slice(equals + 1).trim()));
  }
  return {
    scheme: schemeOf(pairs.get('proto')),
    host: pairs.get('host'),
    client: nodeOf(pairs.get('for')),
  };
};
