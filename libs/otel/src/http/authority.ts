/** A host and, where it is known, a port. */
interface Authority {
  readonly address: string;
  readonly port: number | undefined;
}

const LONGEST_HOST = 255;

/** 1 to 65535 in decimal digits, else `undefined`. */
export const portOf = (text: string): number | undefined => {
  if (text.length === 0 || text.length > 5) return undefined;
  let port = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    port = port * 10 + digit;
  }
  return port > 0 && port <= 65_535 ? port : undefined;
};

/**
 * Reads `host`, `host:port`, `[v6]` or `[v6]:port`. Without a port it is that of the scheme; a port that is
 * none is left out. `undefined` for an empty text.
 */
export const parseAuthority = (text: string, scheme: string): Authority | undefined => {
  const bracket = text.charCodeAt(0) === 91 ? text.indexOf(']') : -1;
  const colon = text.indexOf(':', bracket + 1);
  const host = colon === -1 ? text : text.slice(0, colon);
  const address = (bracket === -1 ? host : text.slice(1, bracket)).slice(0, LONGEST_HOST);
  if (address === '') return undefined;
  if (colon !== -1) return { address, port: portOf(text.slice(colon + 1)) };
  return { address, port: scheme === 'https' ? 443 : 80 };
};

/** An IPv4 address that a dual-stack socket shows as IPv6, as IPv4. */
export const plainAddress = (address: string): string =>
  address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
