import type { Signal } from '@nestlens/otlp';
import type { Environment } from './environment.js';
import type { OtlpOptions, OtlpTlsOptions } from './otel.options.js';
import { TLS_FILES } from './tls.js';
import type { TlsFileKey, TlsNames } from './tls.js';

const VARIABLES: Record<TlsFileKey, string> = {
  caFile: 'CERTIFICATE',
  certFile: 'CLIENT_CERTIFICATE',
  keyFile: 'CLIENT_KEY',
};

const under =
  (path: string): TlsNames =>
  (key) =>
    key === undefined ? path : `${path}.${key}`;

/** The TLS options that count for a signal, and where each was given: code over the variables of `names`. */
export const tlsGiven = (
  signal: Signal,
  options: OtlpOptions,
  environment: Environment,
  names: (suffix: string) => readonly [forSignal: string, forAll: string],
): readonly [TlsNames, OtlpTlsOptions] => {
  const { tls } = options[signal] ?? {};
  if (tls !== undefined) return [under(`otlp.${signal}.tls`), tls];
  if (options.tls !== undefined) return [under('otlp.tls'), options.tls];
  const variable = (key: TlsFileKey): string => {
    const [forSignal, forAll] = names(VARIABLES[key]);
    return environment.text(forSignal) === undefined ? forAll : forSignal;
  };
  const files: OtlpTlsOptions = {};
  for (const key of TLS_FILES) {
    const file = environment.text(variable(key));
    if (file !== undefined) files[key] = file;
  }
  return [(key = TLS_FILES.find((each) => files[each]) ?? 'caFile') => variable(key), files];
};
