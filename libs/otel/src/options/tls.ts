import { TLS_FILES } from '@nestlens/otlp';
import type { Signal, TlsFile, TlsReading } from '@nestlens/otlp';
import { Secret } from '../secrets/secret.js';
import type { Environment } from './environment.js';
import type { TlsMaterial } from './otel.config.js';
import type { OtlpOptions, OtlpTlsOptions } from './otel.options.js';
import type { DestinationSuffix, VariablesOf } from './variables.js';

/**
 * The source of a file: a path in the options, or the variable that set it. Without a key, the source of the section.
 */
export type TlsNames = (key?: TlsFile) => string;

const VARIABLES = {
  caFile: 'CERTIFICATE',
  certFile: 'CLIENT_CERTIFICATE',
  keyFile: 'CLIENT_KEY',
} as const satisfies Record<TlsFile, DestinationSuffix>;

const under =
  (path: string): TlsNames =>
  (key) =>
    key === undefined ? path : `${path}.${key}`;

/** The TLS options in effect for a signal, and the source of each. Code wins over the variables of `names`. */
export const tlsGiven = (
  signal: Signal,
  options: OtlpOptions,
  environment: Environment,
  names: VariablesOf,
): readonly [TlsNames, OtlpTlsOptions] => {
  const { tls } = options[signal] ?? {};
  if (tls !== undefined) return [under(`otlp.${signal}.tls`), tls];
  if (options.tls !== undefined) return [under('otlp.tls'), options.tls];
  const variable = (key: TlsFile) => {
    const [forSignal, forAll] = names(VARIABLES[key]);
    return environment.isSet(forSignal) ? forSignal : forAll;
  };
  const files: OtlpTlsOptions = {};
  for (const key of TLS_FILES) {
    const file = environment.get(variable(key));
    if (file !== undefined) files[key] = file;
  }
  return [(key = TLS_FILES.find((each) => files[each]) ?? 'caFile') => variable(key), files];
};

const bytes = (text: string | undefined): Buffer | undefined =>
  text === undefined ? undefined : Buffer.from(text);

/** The TLS options of the official exporters; undefined if there are none, or on a fault. */
export const materialOf = (reading: TlsReading | undefined): TlsMaterial | undefined => {
  const { ca, cert, key: opened, expiresAt } = reading?.material ?? {};
  if ((ca ?? cert) === undefined) return undefined;
  const key = bytes(opened);
  return { ca: bytes(ca), cert: bytes(cert), key: key && new Secret(key), expiresAt };
};
