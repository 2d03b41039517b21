import { apiKey, basic, bearer, checkDestination, originOf, readTls, urlOf } from '@nestlens/otlp';
import type {
  CheckedDestination,
  DestinationFault,
  Endpoint,
  Headers,
  Signal,
  TlsReading,
} from '@nestlens/otlp';
import { Secret } from '../secrets/secret.js';
import { endpointFaults, givenEndpoint, likelySwap, pathMistake } from './endpoint.js';
import type { GivenEndpoint } from './endpoint.js';
import type { Environment } from './environment.js';
import { headersFromEnvironment } from './environment-headers.js';
import type { Fault } from './faults.js';
import type { OtlpDestination } from './otel.config.js';
import type {
  OtlpAuth,
  OtlpCompression,
  OtlpDestinationOptions,
  OtlpEngine,
  OtlpOptions,
  OtlpProtocol,
  OtlpTlsOptions,
} from './otel.options.js';
import { DESTINATION_OPTIONS, OTLP_OPTIONS } from './otlp-table.js';
import { shown } from './shown.js';
import { materialOf, tlsGiven } from './tls.js';
import type { TlsNames } from './tls.js';
import { MAX_TIMER_MS } from './variable-rules.js';
import type {
  DestinationSuffix,
  SharedVariable,
  SignalVariable,
  ValueOf,
  VariablesOf,
} from './variables.js';

interface DestinationResult {
  readonly destination: OtlpDestination;
  readonly faults: readonly Fault[];
  readonly warnings: readonly string[];
}

const { keys: DEFAULTS } = DESTINATION_OPTIONS;

/** Specification, configuration "Timeout": zero means no limit. */
const unlimitedWhereZero = (ms: number | undefined): number | undefined =>
  ms === 0 ? MAX_TIMER_MS : ms;

const authHeaders = (auth: OtlpAuth): Headers => {
  switch (auth.type) {
    case 'bearer':
      return bearer(auth.token);
    case 'apiKey':
      return apiKey(auth.key, auth.header);
    case 'basic':
      return basic(auth.username, auth.password);
  }
};

const variablesOf =
  (signal: Signal): VariablesOf =>
  (suffix) => [
    `OTEL_EXPORTER_OTLP_${signal.toUpperCase() as Uppercase<Signal>}_${suffix}`,
    `OTEL_EXPORTER_OTLP_${suffix}`,
  ];

/** The compression from the first variable that the engine supports. Others are ignored with a warning. */
const compressionFrom = (
  environment: Environment,
  names: readonly (SignalVariable<'COMPRESSION'> | SharedVariable<'COMPRESSION'>)[],
  engine: OtlpEngine,
): OtlpCompression | undefined => {
  for (const name of names) {
    const found = environment.get(name);
    if (found !== undefined && (found !== 'zstd' || engine === 'nestlens')) return found;
    if (found !== undefined) environment.warn(name, 'one of none, gzip is needed; ignored');
  }
  return undefined;
};

/**
 * The complete endpoint. Only the shared one of HTTP is a base; one of a signal is used as it is, a slash at its end
 * included. [specification, protocol/exporter, "Endpoint URLs for OTLP/HTTP"]
 */
const targetOf = (
  { text, endpoint, exact }: GivenEndpoint,
  signal: Signal,
  protocol: OtlpProtocol,
): string => {
  if (protocol === 'grpc' || endpoint.socketPath !== undefined) return urlOf(endpoint, protocol);
  if (!exact) return urlOf({ ...endpoint, path: `${endpoint.path}/v1/${signal}` }, protocol);
  const slash = endpoint.path !== '' && text.endsWith('/') ? '/' : '';
  return urlOf(endpoint, protocol) + slash;
};

/** Headers by value, and functions that are asked for headers. Later sources win. */
const headersOf = (
  sources: readonly (Headers | undefined)[],
): Pick<OtlpDestination, 'headers' | 'headerFunctions'> => {
  const headers: Record<string, string> = {};
  const headerFunctions: OtlpDestination['headerFunctions'][number][] = [];
  for (const source of sources) {
    if (typeof source === 'function') headerFunctions.push(source);
    else {
      for (const [key, value] of Object.entries(source ?? {})) headers[key.toLowerCase()] = value;
    }
  }
  return { headers: new Secret(Object.freeze(headers)), headerFunctions };
};

const proxyUrl = ({ proxy }: CheckedDestination): string | undefined =>
  proxy && `${proxy.tls ? 'https' : 'http'}://${proxy.authority}`;

/** The faults that the pipeline finds, under the name of the option or variable. */
const faultOf = (
  fault: DestinationFault,
  names: { readonly endpoint: string; readonly tls: TlsNames },
  tls: OtlpTlsOptions,
): Fault => {
  const { code, text } = fault;
  if (code === 'proxy') return { path: fault.variable, found: undefined, remedy: text };
  if (code === 'endpoint') return { path: names.endpoint, found: undefined, remedy: text };
  if (code !== 'tls') return { path: `otlp.${code}`, found: undefined, remedy: text };
  const path = names.tls(fault.file);
  return { path, found: fault.file && shown(path, tls[fault.file]), remedy: text };
};

/** The facts that the checks of all destinations share. */
export interface CheckContext {
  /** Reads files that several signals name once. */
  readonly readTls: (options: OtlpTlsOptions) => TlsReading;
  /** True if our own pipeline sends the signal. It alone uses a proxy. */
  readonly isSent: (signal: Signal) => boolean;
}

export const sharedReads = (): CheckContext['readTls'] => {
  const read = new Map<string, TlsReading>();
  return (options) => {
    const key = JSON.stringify(options);
    const reading = read.get(key) ?? readTls(options);
    read.set(key, reading);
    return reading;
  };
};

/** Answers every question about one signal's destination: code over variables over default. */
export const resolveDestination = (
  signal: Signal,
  options: OtlpOptions,
  environment: Environment,
  context: CheckContext,
): DestinationResult => {
  const own: OtlpDestinationOptions = options[signal] ?? {};
  const { engine = OTLP_OPTIONS.keys.engine.default } = options;
  const names = variablesOf(signal);
  const first = <S extends DestinationSuffix>(
    suffix: S,
  ): ValueOf<SharedVariable<S>> | undefined => {
    const [forSignal, forAll] = names(suffix);
    return environment.get(forSignal) ?? environment.get(forAll);
  };
  const faults: Fault[] = [
    ...endpointFaults('otlp.endpoint', options),
    ...endpointFaults(`otlp.${signal}.endpoint`, own),
  ];

  const protocol =
    own.protocol ?? options.protocol ?? first('PROTOCOL') ?? DEFAULTS.protocol.default;
  const given = givenEndpoint(
    signal,
    { own: own.endpoint, shared: options.endpoint },
    environment,
    names('ENDPOINT'),
    { protocol, engine, insecure: names('INSECURE') },
  );
  const url = targetOf(given, signal, protocol);

  const auth = own.auth ?? options.auth;
  const [ownHeaders, sharedHeaders] = names('HEADERS');
  const headers = headersOf([
    headersFromEnvironment(environment, ownHeaders, faults) ??
      headersFromEnvironment(environment, sharedHeaders, faults),
    userInfoOf(given.endpoint),
    options.headers,
    own.headers,
    auth && authHeaders(auth),
  ]);

  const [tlsNames, tlsOptions] = tlsGiven(signal, options, environment, names);
  const asksTls = Object.values(tlsOptions).some((value) => value !== undefined);
  const checked = checkDestination(
    {
      protocol,
      endpoint: url,
      headers: [headers.headers.reveal()],
      ...(asksTls && { tls: tlsOptions }),
    },
    {
      env: context.isSent(signal) ? environment.variables : undefined,
      readTls: context.readTls,
      ...(options.pool && { pool: options.pool }),
    },
  );
  const where = { endpoint: given.name, tls: tlsNames };
  return {
    destination: {
      protocol,
      url,
      shown: protocol === 'grpc' ? originOf(given.endpoint, protocol) : url,
      proxy: proxyUrl(checked),
      ...headers,
      tls: materialOf(checked.tls),
      tlsFiles: asksTls ? new Secret(tlsOptions) : undefined,
      compression:
        own.compression ??
        options.compression ??
        compressionFrom(environment, names('COMPRESSION'), engine) ??
        DEFAULTS.compression.default,
      timeoutMs:
        own.timeoutMs ??
        options.timeoutMs ??
        unlimitedWhereZero(first('TIMEOUT')) ??
        DEFAULTS.timeoutMs.default,
    },
    faults: [...faults, ...checked.faults.map((fault) => faultOf(fault, where, tlsOptions))],
    warnings: [
      ...tlsWarnings(checked, engine, tlsNames),
      ...likelyMistakes(given, signal, protocol),
    ],
  };
};

/** The user information of an endpoint. It is removed from every URL. */
const userInfoOf = ({ authorization }: Endpoint): Headers | undefined =>
  authorization === undefined ? undefined : { authorization };

/** Our own pipeline reads the files again from time to time, and reports their faults itself. */
const tlsWarnings = (
  { tls }: CheckedDestination,
  engine: OtlpEngine,
  nameOf: TlsNames,
): readonly string[] =>
  engine === 'sdk'
    ? (tls?.warnings ?? []).map(({ file, text }) => `${nameOf(file)}: ${text}.`)
    : [];

const likelyMistakes = (
  given: GivenEndpoint,
  signal: Signal,
  protocol: OtlpProtocol,
): readonly string[] => {
  const mistake = pathMistake(given, signal, protocol);
  const swap = likelySwap(given.endpoint, protocol);
  return [
    ...(mistake === undefined ? [] : [`${mistake}.`]),
    ...(swap === undefined
      ? []
      : [
          `${given.name} (${signal}): ${protocol} to ${originOf(given.endpoint, protocol)}, but ${swap}. Is the protocol right?`,
        ]),
  ];
};
