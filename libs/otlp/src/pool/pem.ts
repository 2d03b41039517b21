import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

// No dash inside: a file of nothing but BEGIN lines must not be read again from each of them.
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const BOM = 0xef;

/** Why these bytes are not a PEM file, and the remedy; undefined if they may be one. */
export function pemFault(bytes: Buffer): string | undefined {
  if (bytes.length === 0) return 'the file is empty; give a PEM file';
  if (bytes[0] === BOM) return 'the file begins with a byte order mark; save it as plain ASCII';
  if (bytes.includes('-----BEGIN ')) return undefined;
  return 'the file holds no PEM block; convert it to PEM';
}

/** All certificates of a PEM text, and the number of its blocks that are not certificates. */
export function certificatesIn(text: string): { certificates: X509Certificate[]; bad: number } {
  const certificates: X509Certificate[] = [];
  let bad = 0;
  for (const [block] of text.matchAll(CERTIFICATE)) {
    try {
      certificates.push(new X509Certificate(block));
    } catch {
      bad++;
    }
  }
  const begun = text.split('-----BEGIN CERTIFICATE-----').length - 1;
  return { certificates, bad: Math.max(bad, begun - certificates.length) };
}

/** Bundles keep expired certificates for years. The bundle becomes useless only when the last one expires. */
export function lastToEnd(certificates: readonly X509Certificate[]): X509Certificate | undefined {
  return certificates.toSorted((a, b) => Date.parse(b.validTo) - Date.parse(a.validTo))[0];
}

/** The key of a PEM text, or why there is none. Neither contains the passphrase. */
export function privateKeyIn(text: string, passphrase: string | undefined): KeyObject | string {
  if (passphrase === undefined && text.includes('ENCRYPTED')) {
    return 'the key is encrypted; give tls.passphrase, or a key without one';
  }
  try {
    return createPrivateKey(passphrase === undefined ? text : { key: text, passphrase });
  } catch {
    return passphrase === undefined
      ? 'the key cannot be used (damaged?); give a PEM key'
      : 'the key does not open with tls.passphrase; give the one that it was made with';
  }
}

/** Why certificate and key do not match; undefined if they do. The first certificate must be that of the key. */
export function pairFault(chain: readonly X509Certificate[], key: KeyObject): string | undefined {
  const at = chain.findIndex((each) => each.checkPrivateKey(key));
  if (at === 0) return undefined;
  return at === -1
    ? 'this key does not belong to the certificate of certFile; give the pair'
    : 'the certificate of this key stands further down in certFile; put it first, its issuers after it';
}
