import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Fault } from './faults.js';
import type { OtlpTlsOptions } from './otel.options.js';
import type { TlsMaterial } from './otel.config.js';
import { Secret } from '../secrets/secret.js';
import { shown } from './shown.js';

const SOON_MS = 7 * 24 * 3_600_000;

export interface TlsResult {
  readonly material: TlsMaterial | undefined;
  readonly faults: readonly Fault[];
  readonly warnings: readonly string[];
}

type FileResult = { kind: 'pem'; pem: Buffer } | { kind: 'fault'; remedy: string };

const readPem = (file: string): FileResult => {
  let pem: Buffer;
  try {
    pem = readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    return {
      kind: 'fault',
      remedy: `the file cannot be read (${code}); write the path of a PEM file`,
    };
  }
  return pem.includes('-----BEGIN ')
    ? { kind: 'pem', pem }
    : { kind: 'fault', remedy: 'the file holds no PEM block; convert it to PEM' };
};

const certificateAge = (path: string, pem: Buffer): string | undefined => {
  const certificate = new X509Certificate(pem);
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  const now = Date.now();
  if (now > to) return `${path}: the certificate expired on ${certificate.validTo}.`;
  if (now < from) return `${path}: the certificate is not valid before ${certificate.validFrom}.`;
  if (to - now < SOON_MS) return `${path}: the certificate expires on ${certificate.validTo}.`;
  return undefined;
};

/** Whether certificate and key can be read and belong together, as a remedy where they do not. */
const pairFault = (cert: Buffer, key: KeyObject): string | undefined =>
  new X509Certificate(cert).checkPrivateKey(key)
    ? undefined
    : 'this key does not belong to the certificate of certFile; give the pair';

const openKey = (key: Buffer, passphrase: string | undefined): KeyObject | string => {
  const locked = key.includes('ENCRYPTED');
  if (locked && passphrase === undefined) {
    return 'the key is encrypted; give tls.passphrase, or a key without one';
  }
  try {
    return createPrivateKey(passphrase === undefined ? key : { key, passphrase });
  } catch {
    return passphrase === undefined
      ? 'the key cannot be used (damaged?); give a PEM key'
      : 'the key does not open with tls.passphrase; give the one that it was made with';
  }
};

/** Reads and checks the files of one `tls` section. Source: bad inputs of TLS files. */
export const loadTls = (path: string, tls: OtlpTlsOptions | undefined): TlsResult => {
  const faults: Fault[] = [];
  const warnings: string[] = [];
  const files: Partial<Record<keyof OtlpTlsOptions, Buffer>> = {};
  const fault = (key: keyof OtlpTlsOptions, remedy: string): void => {
    const at = `${path}.${key}`;
    faults.push({ path: at, found: shown(at, tls?.[key]), remedy });
  };
  for (const key of ['caFile', 'certFile', 'keyFile'] as const) {
    const file = tls?.[key];
    if (file === undefined) continue;
    const result = readPem(file);
    if (result.kind === 'pem') files[key] = result.pem;
    else fault(key, result.remedy);
  }
  const { caFile: ca, certFile: cert, keyFile: key } = files;
  if (tls?.certFile !== undefined && tls.keyFile === undefined) {
    fault('keyFile', 'certFile is given without its key; give both');
  }
  if (tls?.keyFile !== undefined && tls.certFile === undefined) {
    fault('certFile', 'keyFile is given without its certificate; give both');
  }
  for (const [name, pem] of [
    ['caFile', ca],
    ['certFile', cert],
  ] as const) {
    if (pem === undefined) continue;
    try {
      const age = certificateAge(`${path}.${name}`, pem);
      if (age !== undefined) warnings.push(age);
    } catch {
      fault(name, 'the certificate cannot be read; give an X.509 certificate in PEM');
    }
  }
  let opened: Buffer | undefined;
  if (cert && key && faults.length === 0) {
    const privateKey = openKey(key, tls?.passphrase);
    const remedy = typeof privateKey === 'string' ? privateKey : pairFault(cert, privateKey);
    if (remedy !== undefined) fault('keyFile', remedy);
    else if (typeof privateKey === 'object') {
      opened = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    }
  }
  const material =
    faults.length === 0 && (ca ?? cert ?? key) !== undefined
      ? { ca, cert, key: opened && new Secret(opened) }
      : undefined;
  return { material, faults, warnings };
};
