import type { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { TransportConfigError } from './config-error.js';
import { certificatesIn, checkPair, lastToEnd, pemText, privateKeyIn } from './pem.js';

const EXPIRY_WARNING_MS = 7 * 24 * 3600 * 1000;

/** PEM files and how to use them. Ours is the oldest TLS that any collector of today speaks. */
export interface TlsOptions {
  /** CA bundle that signed the collector's certificate. Default: Node's own roots. */
  readonly caFile?: string;
  /** Client certificate chain (mTLS), leaf first; needs `keyFile`. */
  readonly certFile?: string;
  /** Client private key (mTLS); needs `certFile`. */
  readonly keyFile?: string;
  readonly passphrase?: string;
  /** The name that the collector's certificate must carry. Default: the endpoint's host. */
  readonly serverName?: string;
  /** Default `TLSv1.2`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** What the files held, by the option that named them. */
export interface TlsFileBytes {
  readonly caFile?: Buffer;
  readonly certFile?: Buffer;
  readonly keyFile?: Buffer;
}

export interface TlsMaterial {
  readonly context: SecureContext;
  /** When the client certificate ends, in ms since 1970. */
  readonly expiresAt?: number;
  readonly warnings: readonly string[];
}

/**
 * Checks the files against each other. At start (`strict` false) a bad certificate in the CA bundle is passed over
 * with a warning; in a file that has just changed it means that it is still being written. Throws TransportConfigError.
 */
export function tlsMaterial(
  options: TlsOptions,
  bytes: TlsFileBytes,
  nowMs: number,
  strict: boolean,
): TlsMaterial {
  const warnings: string[] = [];
  const { minVersion = 'TLSv1.2', passphrase } = options;
  const ca = bytes.caFile && caIn(bytes.caFile, options.caFile!, nowMs, warnings, strict);
  if (bytes.certFile === undefined || bytes.keyFile === undefined) {
    return { context: contextOf({ minVersion, ca }), warnings };
  }
  const certFile = options.certFile!;
  const keyFile = options.keyFile!;
  const cert = pemText(bytes.certFile, certFile);
  const { certificates, bad } = certificatesIn(cert);
  const leaf = certificates[0];
  if (leaf === undefined || bad > 0) {
    throw new TransportConfigError(
      'tls',
      `tls: ${certFile} holds a certificate that cannot be read`,
    );
  }
  const key = privateKeyIn(pemText(bytes.keyFile, keyFile), passphrase, keyFile);
  checkPair(certificates, key, certFile, keyFile);
  warnOfDates(leaf, certFile, nowMs, warnings);
  const keyPem = key.export({ type: 'pkcs8', format: 'pem' });
  return {
    context: contextOf({ minVersion, ca, cert, key: keyPem }),
    expiresAt: Date.parse(leaf.validTo),
    warnings,
  };
}

function contextOf(options: Parameters<typeof createSecureContext>[0]): SecureContext {
  try {
    return createSecureContext(options);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    const why = typeof code === 'string' ? code : 'unknown';
    throw new TransportConfigError('tls', `tls: OpenSSL refuses the files (${why})`);
  }
}

function caIn(
  bytes: Buffer,
  path: string,
  nowMs: number,
  warnings: string[],
  strict: boolean,
): string[] {
  const { certificates, bad } = certificatesIn(pemText(bytes, path));
  const last = lastToEnd(certificates);
  if (last === undefined || (strict && bad > 0)) {
    throw new TransportConfigError('tls', `tls: ${path} holds no certificate that can be read`);
  }
  if (bad > 0) warnings.push(`${path}: ${bad} certificates cannot be read and are passed over`);
  warnOfDates(last, path, nowMs, warnings);
  return certificates.map((each) => each.toString());
}

function warnOfDates(leaf: X509Certificate, path: string, nowMs: number, warnings: string[]): void {
  const from = Date.parse(leaf.validFrom);
  const to = Date.parse(leaf.validTo);
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  if (nowMs < from) warnings.push(`${path} is not valid before ${day(from)}`);
  else if (nowMs >= to) warnings.push(`${path} expired on ${day(to)}`);
  else if (nowMs > to - EXPIRY_WARNING_MS) warnings.push(`${path} expires on ${day(to)}`);
}
