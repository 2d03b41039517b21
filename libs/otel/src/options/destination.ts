import { MAX_TIMER_MS } from './environment.js';
import type { Environment } from './environment.js';
import type { Fault } from './faults.js';
import type { OtlpDestination } from './otel.config.js';
import type {
  OtlpAuth,
  OtlpDestinationOptions,
  OtlpEngine,
  OtlpHeaders,
  OtlpOptions,
  OtlpProtocol,
  OtlpSecret,
} from './otel.options.js';
import { MASK, Secret } from '../secrets/secret.js';
import { DEFAULT_ENGINE } from './engine-limits.js';
import { loadTls } from './tls.js';

type SignalName = 'traces' | 'metrics' | 'logs';

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
  typeof secret === 'function' ? async () => toHeaders(await secret()) : toHeaders(secret);

const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** `k=v,k2=v2`, percent-encoded (specification: protocol/exporter, "Specifying headers"). */
const headersFromEnvironment = (
  environment: Environment,
  name: string,
  faults: Fault[],
): Record<string, string> | undefined => {
  const list = environment.text(name);
  if (list === undefined) return undefined;
  const headers: Record<string, string> = {};
  for (const pair of list.split(',').filter((part) => part.trim() !== '')) {
    const equals = pair.indexOf('=');
    const key = pair.slice(0, Math.max(0, equals)).trim().toLowerCase();
    let value: string | undefined;
    try {
      value = decodeURIComponent(pair.slice(equals + 1).trim());
    } catch {
      value = undefined;
    }
    if (value !== undefined && /[\r\n\0]/.test(value)) {
      const remedy = 'a header value holds a line break; take it out';
      faults.push({ path: name, found: MASK, remedy });
    } else if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(key) || value === undefined) {
      environment.warn(name, 'write key=value pairs, percent-encoded; the rest is ignored');
    } else {
      headers[key] = value;
    }
  }
  return headers;
};

/** The endpoint that the environment gives, as a URL that can be parsed. */
const endpointFromEnvironment = (
  environment: Environment,
  name: string,
  protocol: OtlpProtocol,
  insecureNames: readonly string[],
  engine: OtlpEngine,
): string | undefined => {
  const given = environment.text(name);
  if (given === undefined) return undefined;
  if (engine === 'nestlens' && /^unix:./.test(given) && URL.canParse(given)) return given;
  // Only gRPC knows targets without a scheme; the insecure flag then decides on TLS.
  const bare = protocol === 'grpc' && !given.includes('://');
  const insecure = insecureNames.some((flag) => environment.flag(flag) === true);
  const url = bare ? `${insecure ? 'http' : 'https'}://${given}` : given;
  if (/^https?:\/\/[^/]/i.test(url) && URL.canParse(url)) return url;
  environment.warn(name, 'a URL such as http://collector:4317 is needed; the default is used');
  return undefined;
};

const likelySwap = (url: URL, protocol: OtlpProtocol): string | undefined => {
  if (url.protocol === 'unix:') return undefined;
  if (protocol === 'grpc' && url.port === '4318') return 'port 4318 is the port of OTLP over HTTP';
  if (protocol !== 'grpc' && url.port === '4317') return 'port 4317 is the port of OTLP over gRPC';
  if (protocol === 'grpc' && url.pathname !== '/') return 'gRPC takes no path; it is ignored';
  return undefined;
};

/** Answers every question about one signal's destination: code over `OTEL_*` over default. */
export const resolveDestination = (
  signal: SignalName,
  options: OtlpOptions,
  environment: Environment,
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
  const faults: Fault[] = [];

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
  // Specification, protocol/exporter "Endpoint URLs for OTLP/HTTP": only the shared one is a base.
  if (exact === undefined && protocol !== 'grpc' && url.protocol !== 'unix:') {
    url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/${signal}`;
  }

  const headers: Record<string, string> = {};
  const envHeaders = first('HEADERS', (name) => headersFromEnvironment(environment, name, faults));
  Object.assign(headers, envHeaders);
  if (url.username !== '') {
    headers['authorization'] = basic(
      decodeURIComponent(url.username),
      decodeURIComponent(url.password),
    );
    url.username = '';
    url.password = '';
  }
  const headerFunctions: HeaderFunction[] = [];
  const auth = own.auth ?? options.auth;
  for (const source of [options.headers, own.headers, auth && authHeaders(auth)]) {
    if (typeof source === 'function') headerFunctions.push(source);
    else {
      for (const [key, value] of Object.entries(source ?? {})) headers[key.toLowerCase()] = value;
    }
  }

  const [tlsPath, tlsOptions] =
    own.tls !== undefined
      ? [`otlp.${signal}.tls`, own.tls]
      : [
          'otlp.tls',
          options.tls ?? {
            caFile: first('CERTIFICATE', (name) => environment.text(name)),
            certFile: first('CLIENT_CERTIFICATE', (name) => environment.text(name)),
            keyFile: first('CLIENT_KEY', (name) => environment.text(name)),
          },
        ];
  const tls = loadTls(tlsPath, tlsOptions);
  const asksTls = Object.values(tlsOptions).some((value) => value !== undefined);
  if (asksTls && tls.faults.length === 0 && url.protocol !== 'https:') {
    faults.push({
      path: tlsPath,
      found: undefined,
      remedy: `TLS options are given but the endpoint is ${url.protocol}//${url.host}; write https://`,
    });
  }
  const swap = likelySwap(url, protocol);

  return {
    destination: {
      protocol,
      url: url.href,
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
      ...tls.warnings,
      ...(swap === undefined
        ? []
        : [`otlp (${signal}): ${protocol} to ${url.origin}, but ${swap}. Is the protocol right?`]),
    ],
  };
};
