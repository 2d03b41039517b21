import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { TransportConfigError } from './config-error.js';

// No dash inside: a file of nothing but beginnings must not be read again from each of them.
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const BOM = 0xef;

/** The text of a PEM file. Throws TransportConfigError with the path when it cannot be one. */
export function pemText(bytes: Buffer, path: string): string {
  if (bytes.length === 0) throw fault(path, 'is empty');
  if (bytes[0] === BOM) throw fault(path, 'starts with a byte order mark: save it as plain ASCII');
  const text = bytes.toString('latin1');
  if (!text.includes('-----BEGIN ')) throw fault(path, 'is not PEM (is it DER?)');
  return text;
}

/** All certificates of a PEM text, and how many of its blocks are none. @internal */
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

/** Old ones stay in bundles for years: only when the last one ends nobody is trusted any more. @internal */
export function lastToEnd(certificates: readonly X509Certificate[]): X509Certificate | undefined {
  return certificates.toSorted((a, b) => Date.parse(b.validTo) - Date.parse(a.validTo))[0];
}

/** Throws TransportConfigError with the path and never with the passphrase. */
export function privateKeyIn(
  text: string,
  passphrase: string | undefined,
  path: string,
): KeyObject {
  if (passphrase === undefined && text.includes('ENCRYPTED')) {
    throw fault(path, 'is encrypted and there is no passphrase');
  }
  try {
    return createPrivateKey(passphrase === undefined ? text : { key: text, passphrase });
  } catch {
    const why =
      passphrase === undefined ? 'holds no private key' : 'does not open with the passphrase';
    throw fault(path, why);
  }
}

/** The certificate of the chain that comes first must be that of the key. Throws TransportConfigError. */
export function checkPair(
  chain: readonly X509Certificate[],
  key: KeyObject,
  certFile: string,
  keyFile: string,
): void {
  const at = chain.findIndex((each) => each.checkPrivateKey(key));
  if (at === 0) return;
  throw new TransportConfigError(
    'tls',
    at === -1
      ? `tls: ${certFile} and ${keyFile} are not a pair`
      : `tls: ${certFile} is in the wrong order, the certificate of ${keyFile} must come first`,
  );
}

function fault(path: string, why: string): TransportConfigError {
  return new TransportConfigError('tls', `tls: ${path} ${why}`);
}
