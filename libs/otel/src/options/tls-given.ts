import type { Signal } from '@nestlens/otlp';
import type { Environment } from './environment.js';
import type { VariablesOf } from './destination.js';
import type { OtlpOptions, OtlpTlsOptions } from './otel.options.js';
import { TLS_FILES } from './tls.js';
import type { TlsFileKey, TlsNames } from './tls.js';
import type { DestinationSuffix } from './variables.js';

const VARIABLES = {
  caFile: 'CERTIFICATE',
  certFile: 'CLIENT_CERTIFICATE',
  keyFile: 'CLIENT_KEY',
} as const satisfies Record<TlsFileKey, DestinationSuffix>;

const under =
  (path: string): TlsNames =>
  (key) =>
    key === undefined ? path : `${path}.${key}`;

/** The TLS options that count for a signal, and where each was given: code over the variables of `names`. */
export const tlsGiven = (
  signal: Signal,
  options: OtlpOptions,
  environment: Environment,
  names: VariablesOf,
): readonly [TlsNames, OtlpTlsOptions] => {
  const { tls } = options[signal] ?? {};
  if (tls !== undefined) return [under(`otlp.${signal}.tls`), tls];
  if (options.tls !== undefined) return [under('otlp.tls'), options.tls];
  const variable = (key: TlsFileKey) => {
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
