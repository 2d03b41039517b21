import { createPrivateKey } from 'node:crypto';
import type { KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { certificatesIn, lastToEnd } from '@nestlens/otlp';
import type { Fault } from './faults.js';
import type { OtlpTlsOptions } from './otel.options.js';
import type { TlsMaterial } from './otel.config.js';
import { Secret } from '../secrets/secret.js';
import { shown } from './shown.js';

const SOON_MS = 7 * 24 * 3_600_000;
const BOM = 0xef;
export const TLS_FILES = ['caFile', 'certFile', 'keyFile'] as const;

export type TlsFileKey = (typeof TLS_FILES)[number];

/** Where a file was given, or without a key the section: a path, or the variable that set it. */
export type TlsNames = (key?: TlsFileKey) => string;

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
  if (pem.length === 0) return { kind: 'fault', remedy: 'the file is empty; give a PEM file' };
  if (pem[0] === BOM) {
    const remedy = 'the file begins with a byte order mark; save it as plain ASCII';
    return { kind: 'fault', remedy };
  }
  return pem.includes('-----BEGIN ')
    ? { kind: 'pem', pem }
    : { kind: 'fault', remedy: 'the file holds no PEM block; convert it to PEM' };
};

const ageOf = (name: string, { validFrom, validTo }: X509Certificate): string | undefined => {
  const from = Date.parse(validFrom);
  const to = Date.parse(validTo);
  const now = Date.now();
  if (now > to) return `${name}: the certificate expired on ${validTo}.`;
  if (now < from) return `${name}: the certificate is not valid before ${validFrom}.`;
  if (to - now < SOON_MS) return `${name}: the certificate expires on ${validTo}.`;
  return undefined;
};

/** Why certificate and key are no pair, as a remedy. */
const pairFault = (chain: readonly X509Certificate[], key: KeyObject): string | undefined => {
  const at = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (at === 0) return undefined;
  return at === -1
    ? 'this key does not belong to the certificate of certFile; give the pair'
    : 'the certificate of this key stands further down in certFile; put it first, its issuers after it';
};

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

const isOpenToOthers = (file: string): boolean =>
  process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0;

export type LoadTls = (nameOf: TlsNames, tls: OtlpTlsOptions) => TlsResult;

/** Reads the files that several signals share once. */
export const tlsLoader = (): LoadTls => {
  const loaded = new Map<string, TlsResult>();
  return (nameOf, tls) => {
    const key = JSON.stringify([TLS_FILES.map(nameOf), tls]);
    const result = loaded.get(key) ?? loadTls(nameOf, tls);
    loaded.set(key, result);
    return result;
  };
};

/** Reads and checks the files of one `tls` section. Source: bad inputs of TLS files, rows 84 to 89. */
const loadTls: LoadTls = (nameOf, tls) => {
  const faults: Fault[] = [];
  const warnings: string[] = [];
  const files: Partial<Record<TlsFileKey, Buffer>> = {};
  const fault = (key: TlsFileKey, remedy: string): void => {
    const path = nameOf(key);
    faults.push({ path, found: shown(path, tls[key]), remedy });
  };
  const certificates = (key: TlsFileKey): X509Certificate[] => {
    const pem = files[key];
    if (pem === undefined) return [];
    const found = certificatesIn(pem.toString('latin1'));
    const first = key === 'caFile' ? lastToEnd(found.certificates) : found.certificates[0];
    if (first === undefined || (key === 'certFile' && found.bad > 0)) {
      fault(key, 'the certificate cannot be read; give an X.509 certificate in PEM');
      return [];
    }
    if (found.bad > 0) {
      warnings.push(
        `${nameOf(key)}: ${found.bad} certificates cannot be read; the others are used.`,
      );
      files[key] = Buffer.from(found.certificates.join(''));
    }
    const age = ageOf(nameOf(key), first);
    if (age !== undefined) warnings.push(age);
    return found.certificates;
  };
  for (const key of TLS_FILES) {
    const file = tls[key];
    if (file === undefined) continue;
    const result = readPem(file);
    if (result.kind === 'pem') files[key] = result.pem;
    else fault(key, result.remedy);
  }
  if (tls.certFile !== undefined && tls.keyFile === undefined) {
    fault('keyFile', 'certFile is given without its key; give both');
  }
  if (tls.keyFile !== undefined && tls.certFile === undefined) {
    fault('certFile', 'keyFile is given without its certificate; give both');
  }
  certificates('caFile');
  const chain = certificates('certFile');
  const { keyFile: key } = files;
  let opened: Buffer | undefined;
  if (chain.length > 0 && key && faults.length === 0) {
    const privateKey = openKey(key, tls.passphrase);
    const remedy = typeof privateKey === 'string' ? privateKey : pairFault(chain, privateKey);
    if (remedy !== undefined) fault('keyFile', remedy);
    else if (typeof privateKey === 'object') {
      opened = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    }
    if (tls.keyFile !== undefined && isOpenToOthers(tls.keyFile)) {
      warnings.push(`${nameOf('keyFile')}: others than its owner can read the key; chmod 600.`);
    }
  }
  const { caFile: ca, certFile: cert } = files;
  const expiresAt = chain[0] && Date.parse(chain[0].validTo);
  const material =
    faults.length === 0 && (ca ?? cert) !== undefined
      ? { ca, cert, key: opened && new Secret(opened), expiresAt }
      : undefined;
  return { material, faults, warnings };
};
