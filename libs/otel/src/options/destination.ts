import type { Signal } from '@nestlens/otlp';
import { proxyUrlOf } from '@nestlens/otlp';
import type { Environment } from './environment.js';
import {
  endpointFaults,
  endpointFromEnvironment,
  grpcTarget,
  isUnix,
  likelySwap,
  pathMistake,
  takeUserInfo,
} from './endpoint.js';
import { headersFromEnvironment } from './environment-headers.js';
import type { Fault } from './faults.js';
import type { OtlpDestination } from './otel.config.js';
import type {
  OtlpAuth,
  OtlpCompression,
  OtlpDestinationOptions,
  OtlpEngine,
  OtlpHeaders,
  OtlpOptions,
  OtlpProtocol,
  OtlpSecret,
} from './otel.options.js';
import { DESTINATION_OPTIONS, OTLP_OPTIONS } from './otlp-table.js';
import { Secret } from '../secrets/secret.js';
import { MAX_TIMER_MS } from './variable-rules.js';
import type { DestinationSuffix, SharedVariable, SignalVariable, ValueOf } from './variables.js';
import type { LoadTls } from './tls.js';
import { tlsGiven } from './tls-given.js';

export interface DestinationResult {
  readonly destination: OtlpDestination;
  readonly faults: readonly Fault[];
  readonly warnings: readonly string[];
}

const { keys: DEFAULTS } = DESTINATION_OPTIONS;

/** Specification, configuration "Timeout": zero means no limit. */
const unlimitedWhereZero = (ms: number | undefined): number | undefined =>
  ms === 0 ? MAX_TIMER_MS : ms;

const defaultEndpoint = (protocol: OtlpProtocol): string =>
  protocol === 'grpc' ? 'http://localhost:4317' : 'http://localhost:4318';

type HeaderFunction = OtlpDestination['headerFunctions'][number];

const authHeaders = (auth: OtlpAuth): OtlpHeaders | HeaderFunction => {
  switch (auth.type) {
    case 'bearer':
      return fromSecret(auth.token, (token) => ({ authorization: `Bearer ${token}` }));
    case 'apiKey':
      return fromSecret(auth.key, (key) => ({ [(auth.header ?? 'x-api-key').toLowerCase()]: key }));
    case 'basic':
      return fromSecret(auth.password, (password) => ({
        authorization: basic(auth.username, password),
      }));
  }
};

const fromSecret = (
  secret: OtlpSecret,
  toHeaders: (text: string) => OtlpHeaders,
): OtlpHeaders | HeaderFunction =>
  typeof secret === 'function'
    ? async () => toHeaders(secretText(await secret()))
    : toHeaders(secret);

/** Throws for what a function should not have given: as a text it would be sent as if it were a secret. */
const secretText = (given: unknown): string => {
  if (typeof given === 'string' && given !== '') return given;
  throw new TypeError('no secret');
};

const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** The variable of one signal, and that of all. */
export type VariablesOf = <S extends DestinationSuffix>(
  suffix: S,
) => readonly [SignalVariable<S>, SharedVariable<S>];

/** What the official exporters cannot do is none of their values. */
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

/** Answers every question about one signal's destination: code over `OTEL_*` over default. */
export const resolveDestination = (
  signal: Signal,
  options: OtlpOptions,
  environment: Environment,
  loadTls: LoadTls,
): DestinationResult => {
  const own: OtlpDestinationOptions = options[signal] ?? {};
  const { engine = OTLP_OPTIONS.keys.engine.default } = options;
  const names: VariablesOf = (suffix) => [
    `OTEL_EXPORTER_OTLP_${signal.toUpperCase() as Uppercase<Signal>}_${suffix}`,
    `OTEL_EXPORTER_OTLP_${suffix}`,
  ];
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

  const [signalName, sharedName] = names('ENDPOINT');
  const insecure = names('INSECURE');
  const fromEnvironment = (
    name: SharedVariable<'ENDPOINT'> | SignalVariable<'ENDPOINT'>,
  ): string | undefined => endpointFromEnvironment(environment, name, protocol, insecure, engine);
  const exact =
    own.endpoint ?? (options.endpoint === undefined ? fromEnvironment(signalName) : undefined);
  const base = options.endpoint ?? fromEnvironment(sharedName) ?? defaultEndpoint(protocol);
  const url = new URL(exact ?? base);
  const sharedFrom = options.endpoint === undefined ? sharedName : 'otlp.endpoint';
  const ownFrom = own.endpoint === undefined ? signalName : `otlp.${signal}.endpoint`;
  const given = {
    name: exact === undefined ? sharedFrom : ownFrom,
    url,
    exact: exact !== undefined,
  };
  const mistake = protocol === 'grpc' ? undefined : pathMistake(given, signal);
  // Specification, protocol/exporter "Endpoint URLs for OTLP/HTTP": only the shared one is a base.
  if (exact === undefined && protocol !== 'grpc' && !isUnix(url)) {
    url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/${signal}`;
  }

  const headers: Record<string, string> = {};
  const [ownHeaders, sharedHeaders] = names('HEADERS');
  const envHeaders =
    headersFromEnvironment(environment, ownHeaders, faults) ??
    headersFromEnvironment(environment, sharedHeaders, faults);
  Object.assign(headers, envHeaders);
  const user = takeUserInfo(url);
  if (user !== undefined) headers['authorization'] = basic(user.username, user.password);
  const headerFunctions: HeaderFunction[] = [];
  const auth = own.auth ?? options.auth;
  for (const source of [options.headers, own.headers, auth && authHeaders(auth)]) {
    if (typeof source === 'function') headerFunctions.push(source);
    else {
      for (const [key, value] of Object.entries(source ?? {})) headers[key.toLowerCase()] = value;
    }
  }

  const [tlsNames, tlsOptions] = tlsGiven(signal, options, environment, names);
  const tls = loadTls(tlsNames, tlsOptions);
  const asksTls = Object.values(tlsOptions).some((value) => value !== undefined);
  if (asksTls && tls.faults.length === 0 && url.protocol !== 'https:') {
    faults.push({
      path: tlsNames(),
      found: undefined,
      remedy: `TLS options are given but the endpoint is ${url.protocol}//${url.host}; write https://`,
    });
  }
  const swap = likelySwap(url, protocol);
  const target = protocol === 'grpc' ? grpcTarget(url, exact ?? base) : url.href;

  return {
    destination: {
      protocol,
      url: target,
      proxy: protocol === 'grpc' ? undefined : proxyUrlOf(target, environment.variables),
      headers: new Secret(Object.freeze(headers)),
      headerFunctions,
      tls: tls.material,
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
    faults: [...faults, ...tls.faults],
    warnings: [
      // Our own pipeline reads the files again, then and now, and tells of them itself.
      ...(engine === 'sdk' ? tls.warnings : []),
      ...(mistake === undefined ? [] : [`${mistake}.`]),
      ...(swap === undefined
        ? []
        : [
            `${given.name} (${signal}): ${protocol} to ${url.origin}, but ${swap}. Is the protocol right?`,
          ]),
    ],
  };
};
