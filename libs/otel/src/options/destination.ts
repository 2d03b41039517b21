import type { Signal } from '@nestlens/otlp';
import { MAX_TIMER_MS } from './environment.js';
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
  OtlpDestinationOptions,
  OtlpHeaders,
  OtlpOptions,
  OtlpProtocol,
  OtlpSecret,
} from './otel.options.js';
import { Secret } from '../secrets/secret.js';
import { DEFAULT_ENGINE } from './engine-limits.js';
import type { LoadTls } from './tls.js';
import { tlsGiven } from './tls-given.js';

export interface DestinationResult {
  readonly destination: OtlpDestination;
  readonly faults: readonly Fault[];
  readonly warnings: readonly string[];
}

const DEFAULT_TIMEOUT_MS = 10_000;
const PROTOCOLS = ['grpc', 'http/protobuf', 'http/json'] as const;
const COMPRESSIONS = { sdk: ['gzip', 'none'], nestlens: ['gzip', 'zstd', 'none'] } as const;

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

/** Answers every question about one signal's destination: code over `OTEL_*` over default. */
export const resolveDestination = (
  signal: Signal,
  options: OtlpOptions,
  environment: Environment,
  loadTls: LoadTls,
): DestinationResult => {
  const own: OtlpDestinationOptions = options[signal] ?? {};
  const { engine = DEFAULT_ENGINE } = options;
  const names = (suffix: string): readonly [string, string] => [
    `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${suffix}`,
    `OTEL_EXPORTER_OTLP_${suffix}`,
  ];
  const first = <T>(suffix: string, read: (name: string) => T | undefined): T | undefined => {
    const [forSignal, forAll] = names(suffix);
    return read(forSignal) ?? read(forAll);
  };
  const faults: Fault[] = [
    ...endpointFaults('otlp.endpoint', options),
    ...endpointFaults(`otlp.${signal}.endpoint`, own),
  ];

  const protocol =
    own.protocol ??
    options.protocol ??
    first('PROTOCOL', (name) => environment.oneOf(name, PROTOCOLS)) ??
    'grpc';

  const [signalName, sharedName] = names('ENDPOINT');
  const insecure = names('INSECURE');
  const fromEnvironment = (name: string): string | undefined =>
    endpointFromEnvironment(environment, name, protocol, insecure, engine);
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
  const envHeaders = first('HEADERS', (name) => headersFromEnvironment(environment, name, faults));
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

  return {
    destination: {
      protocol,
      url: protocol === 'grpc' ? grpcTarget(url, exact ?? base) : url.href,
      headers: new Secret(Object.freeze(headers)),
      headerFunctions,
      tls: tls.material,
      tlsFiles: asksTls ? new Secret(tlsOptions) : undefined,
      compression:
        own.compression ??
        options.compression ??
        first('COMPRESSION', (name) => environment.oneOf(name, COMPRESSIONS[engine])) ??
        'none',
      timeoutMs:
        own.timeoutMs ??
        options.timeoutMs ??
        unlimitedWhereZero(first('TIMEOUT', (name) => environment.count(name, 0))) ??
        DEFAULT_TIMEOUT_MS,
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
