import { SIGNALS } from '@nestlens/otlp';
import type { Signal } from '@nestlens/otlp';
import { percentDecoded } from './environment-headers.js';
import type { OtelConfig } from './otel.config.js';

const FORMS = ['', ...SIGNALS.map((signal) => `_${signal.toUpperCase()}`)];
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'] as const;

/** The secret of `Bearer x` is the second word. `Basic x` has the decoded text as a second secret. */
const ofHeader = (value: string): readonly string[] => {
  const [scheme = '', credentials] = value.split(' ', 2);
  if (credentials === undefined) return [value];
  if (scheme.toLowerCase() !== 'basic') return [value, credentials];
  return [value, credentials, ...ofPair(Buffer.from(credentials, 'base64').toString())];
};

/** `user:password`: the user alone is no secret, and may be any word. */
const ofPair = (pair: string): readonly string[] => {
  const password = pair.slice(pair.indexOf(':') + 1);
  return [pair, password, percentDecoded(pair) ?? pair, percentDecoded(password) ?? password];
};

/** Also finds secrets in a text that is no URL, since such a text is printed. */
const ofUrl = (text: string): readonly string[] => {
  const end = text.lastIndexOf('@');
  return end === -1 ? [] : ofPair(text.slice(0, end).replace(/^[a-z][a-z\d+.-]*:\/\//i, ''));
};

const ofList = (list: string): readonly string[] =>
  list.split(',').flatMap((pair) => {
    const value = pair.slice(pair.indexOf('=') + 1).trim();
    return [...ofHeader(value), ...ofHeader(percentDecoded(value) ?? value)];
  });

/** All secrets of the export with known values: those in use, and those of variables that could not be read. */
export const knownSecrets = (
  otlp: Pick<OtelConfig['otlp'], Signal>,
  variables: NodeJS.ProcessEnv,
): readonly string[] => {
  const ofConfig = SIGNALS.map((signal) => otlp[signal]).flatMap(({ headers, tlsFiles }) => [
    ...Object.values(headers.reveal()).flatMap(ofHeader),
    tlsFiles?.reveal().passphrase ?? '',
  ]);
  const ofOtlp = FORMS.flatMap((form) => [
    ...ofList(variables[`OTEL_EXPORTER_OTLP${form}_HEADERS`] ?? ''),
    ...ofUrl(variables[`OTEL_EXPORTER_OTLP${form}_ENDPOINT`] ?? ''),
  ]);
  const ofProxies = PROXIES.flatMap((name) => [
    ...ofUrl(variables[name] ?? ''),
    ...ofUrl(variables[name.toLowerCase()] ?? ''),
  ]);
  return [...new Set([...ofConfig, ...ofOtlp, ...ofProxies])];
};
