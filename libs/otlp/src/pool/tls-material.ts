import type { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { certificatesIn, lastToEnd, pairFault, pemFault, privateKeyIn } from './pem.js';

const EXPIRY_WARNING_MS = 7 * 24 * 3600 * 1000;

/** PEM files and how to use them. Our minimum is the oldest TLS version that today's collectors speak. */
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

/** The options that name files, in the order in which they are read. */
export const TLS_FILES = ['caFile', 'certFile', 'keyFile'] as const;

/** @internal */
export type TlsFile = (typeof TLS_FILES)[number];

/** The contents of the files, by the option that named them. */
export type TlsFileBytes = Readonly<Partial<Record<TlsFile, Buffer>>>;

/**
 * A fault or a warning about a file, with the remedy. Never contains the file's content.
 *
 * @internal
 */
export interface TlsFinding {
  readonly file: TlsFile;
  readonly text: string;
}

/**
 * The contents of the files that a connection needs, as PEM.
 *
 * @internal
 */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  /** The private key, decrypted. */
  readonly key?: string;
  /** Expiry of the client certificate, in ms since 1970. */
  readonly expiresAt?: number;
  readonly context: SecureContext;
}

/**
 * The result of reading the files of one destination.
 *
 * @internal
 */
export interface TlsJudgement {
  /** Undefined if there is a fault. */
  readonly material: TlsMaterial | undefined;
  readonly faults: readonly TlsFinding[];
  readonly warnings: readonly TlsFinding[];
}

/**
 * Checks the files against each other; `unread` are the files that could not be read. At the start (`strict` false) a
 * bad certificate in the CA bundle is skipped with a warning. In a file that has just changed (`strict` true) it
 * means that the file is still being written. Never throws.
 */
export function judgeTls(
  options: TlsOptions,
  bytes: TlsFileBytes,
  unread: readonly TlsFinding[],
  nowMs: number,
  strict: boolean,
): TlsJudgement {
  const findings = new Findings(unread);
  const texts = pemTexts(bytes, findings);
  if (options.certFile !== undefined && options.keyFile === undefined) {
    findings.fault('keyFile', 'certFile is given without its key; give both');
  }
  if (options.keyFile !== undefined && options.certFile === undefined) {
    findings.fault('certFile', 'keyFile is given without its certificate; give both');
  }
  const ca = texts.caFile && caIn(texts.caFile, nowMs, strict, findings);
  const chain = texts.certFile === undefined ? [] : chainIn(texts.certFile, nowMs, findings);
  const key =
    chain.length > 0 && texts.keyFile !== undefined && findings.faults.length === 0
      ? keyIn(texts.keyFile, chain, options.passphrase, findings)
      : undefined;
  const files = { ...(ca && { ca }), ...(key && { cert: texts.certFile!, key }) };
  return {
    material: findings.faults.length > 0 ? undefined : materialOf(files, options, chain, findings),
    faults: findings.faults,
    warnings: findings.warnings,
  };
}

class Findings {
  readonly faults: TlsFinding[];
  readonly warnings: TlsFinding[] = [];

  constructor(faults: readonly TlsFinding[]) {
    this.faults = [...faults];
  }

  fault(file: TlsFile, text: string): void {
    this.faults.push({ file, text });
  }

  warn(file: TlsFile, text: string): void {
    this.warnings.push({ file, text });
  }
}

function pemTexts(bytes: TlsFileBytes, findings: Findings): Partial<Record<TlsFile, string>> {
  const texts: Partial<Record<TlsFile, string>> = {};
  for (const file of TLS_FILES) {
    const found = bytes[file];
    if (found === undefined) continue;
    const fault = pemFault(found);
    if (fault === undefined) texts[file] = found.toString('latin1');
    else findings.fault(file, fault);
  }
  return texts;
}

const UNREADABLE = 'the certificate cannot be read; give an X.509 certificate in PEM';

/** The bundle without its unreadable blocks. */
function caIn(
  text: string,
  nowMs: number,
  strict: boolean,
  findings: Findings,
): string | undefined {
  const { certificates, bad } = certificatesIn(text);
  const last = lastToEnd(certificates);
  if (last === undefined || (strict && bad > 0)) {
    findings.fault('caFile', UNREADABLE);
    return undefined;
  }
  if (bad > 0) findings.warn('caFile', `${bad} certificates cannot be read; the others are used`);
  warnOfDates('caFile', last, nowMs, findings);
  return certificates.join('');
}

function chainIn(text: string, nowMs: number, findings: Findings): readonly X509Certificate[] {
  const { certificates, bad } = certificatesIn(text);
  const [leaf] = certificates;
  if (leaf === undefined || bad > 0) {
    findings.fault('certFile', UNREADABLE);
    return [];
  }
  warnOfDates('certFile', leaf, nowMs, findings);
  return certificates;
}

function keyIn(
  text: string,
  chain: readonly X509Certificate[],
  passphrase: string | undefined,
  findings: Findings,
): string | undefined {
  const key = privateKeyIn(text, passphrase);
  const fault = typeof key === 'string' ? key : pairFault(chain, key);
  if (fault !== undefined) findings.fault('keyFile', fault);
  return typeof key === 'string' ? undefined : String(key.export({ type: 'pkcs8', format: 'pem' }));
}

function materialOf(
  files: Pick<TlsMaterial, 'ca' | 'cert' | 'key'>,
  { minVersion = 'TLSv1.2' }: TlsOptions,
  [leaf]: readonly X509Certificate[],
  findings: Findings,
): TlsMaterial | undefined {
  try {
    const context = createSecureContext({ ...files, minVersion });
    return { ...files, ...(leaf && { expiresAt: Date.parse(leaf.validTo) }), context };
  } catch (error) {
    const { code = 'unknown' } = error as { readonly code?: string };
    const file = files.cert === undefined ? 'caFile' : 'certFile';
    findings.fault(file, `OpenSSL refuses it (${code}); give certificates and keys of today`);
    return undefined;
  }
}

function warnOfDates(
  file: TlsFile,
  { validFrom, validTo }: X509Certificate,
  nowMs: number,
  findings: Findings,
): void {
  const from = Date.parse(validFrom);
  const to = Date.parse(validTo);
  function day(ms: number): string {
    return new Date(ms).toISOString().slice(0, 10);
  }
  if (nowMs < from) findings.warn(file, `the certificate is not valid before ${day(from)}`);
  else if (nowMs >= to) findings.warn(file, `the certificate expired on ${day(to)}`);
  else if (nowMs > to - EXPIRY_WARNING_MS) {
    findings.warn(file, `the certificate expires on ${day(to)}`);
  }
}
