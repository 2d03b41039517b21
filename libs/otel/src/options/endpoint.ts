import { GRPC_PORT, namesPort } from '@nestlens/otlp';
import type { Environment } from './environment.js';
import type { Fault } from './faults.js';
import type { OtlpDestinationOptions, OtlpEngine, OtlpProtocol } from './otel.options.js';
import { shown } from './shown.js';
import type { SharedVariable, SignalVariable } from './variables.js';

const QUERY =
  'leave out what begins with "?" or "#"; credentials go into otlp.headers or otlp.auth';

export const isUnix = (url: URL): boolean => url.protocol === 'unix:';

/** No part of an OTLP endpoint, and a place where credentials would be seen. */
const hasQuery = (url: URL): boolean => !isUnix(url) && url.search + url.hash !== '';

type EndpointVariable = SharedVariable<'ENDPOINT'> | SignalVariable<'ENDPOINT'>;
type InsecureVariable = SharedVariable<'INSECURE'> | SignalVariable<'INSECURE'>;

/** The endpoint that the environment gives, as a URL that can be used. */
export const endpointFromEnvironment = (
  environment: Environment,
  name: EndpointVariable,
  protocol: OtlpProtocol,
  insecureNames: readonly InsecureVariable[],
  engine: OtlpEngine,
): string | undefined => {
  const given = environment.get(name);
  if (given === undefined) return undefined;
  if (engine === 'nestlens' && /^unix:./.test(given) && URL.canParse(given)) return given;
  // Only gRPC knows targets without a scheme; the insecure flag then decides on TLS.
  const bare = protocol === 'grpc' && !given.includes('://');
  const insecure = insecureNames.some((flag) => environment.get(flag) === true);
  const text = bare ? `${insecure ? 'http' : 'https'}://${given}` : given;
  const url = /^https?:\/\/[^/]/i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.port === '0') {
    environment.warn(name, 'a URL such as http://collector:4317 is needed; the default is used');
    return undefined;
  }
  if (hasQuery(url)) {
    environment.warn(name, `${QUERY}; the default is used`);
    return undefined;
  }
  return text;
};

/**
 * The text of `url` with its port in it. `URL` keeps none that is its scheme's own, and without one a URL would be
 * read in as many ways as there are readers: 443 that was given, by `given`, and what is the default of gRPC.
 */
export const grpcTarget = (url: URL, given: string): string => {
  if (isUnix(url) || url.port !== '') return url.href;
  const own = url.protocol === 'https:' ? 443 : 80;
  const port = namesPort(given) ? own : GRPC_PORT;
  return `${url.protocol}//${url.host}:${port}${url.pathname}`;
};

/** What is wrong with an endpoint of the code, besides what the schema refuses. */
export const endpointFaults = (
  path: string,
  { endpoint }: OtlpDestinationOptions,
): readonly Fault[] =>
  endpoint !== undefined && hasQuery(new URL(endpoint))
    ? [{ path, found: shown(path, endpoint), remedy: QUERY }]
    : [];

export const likelySwap = (url: URL, protocol: OtlpProtocol): string | undefined => {
  if (isUnix(url)) return undefined;
  if (protocol === 'grpc' && url.port === '4318') return 'port 4318 is the port of OTLP over HTTP';
  if (protocol !== 'grpc' && url.port === '4317') return 'port 4317 is the port of OTLP over gRPC';
  if (protocol === 'grpc' && url.pathname !== '/') return 'gRPC takes no path; it is ignored';
  return undefined;
};

/** What stands before the `@`, taken out of `url`; undefined for nothing. */
export const takeUserInfo = (url: URL): { username: string; password: string } | undefined => {
  if (url.username + url.password === '') return undefined;
  const taken = { username: decoded(url.username), password: decoded(url.password) };
  url.username = '';
  url.password = '';
  return taken;
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const SIGNAL_PATH = /\/v1\/(traces|metrics|logs)\/?$/;

/** An endpoint as it was given, and under which name. */
export interface GivenEndpoint {
  /** An option or a variable. */
  readonly name: string;
  readonly url: URL;
  /** Whether it is of this signal alone, so that nothing is appended. */
  readonly exact: boolean;
}

/**
 * What is likely wrong with the path of an endpoint over HTTP, by the name under which it was given: the shared one gets
 * `/v1/<signal>`, one of a signal is used as it is. [specification, protocol/exporter, "Endpoint URLs for OTLP/HTTP"]
 */
export const pathMistake = (
  { name, url, exact }: GivenEndpoint,
  signal: string,
): string | undefined => {
  if (isUnix(url)) return undefined;
  const [end, named] = SIGNAL_PATH.exec(url.pathname) ?? [];
  const base = (end === undefined ? url.pathname : url.pathname.slice(0, -end.length)).replace(
    /\/$/,
    '',
  );
  const right = `${url.origin}${base}`;
  if (!exact && end !== undefined) {
    // The same for each signal, so that it is told once.
    return (
      `${name}: it ends in ${end}, and /v1/<signal> is appended to it, so that ` +
      `${url.pathname.replace(/\/$/, '')}/v1/<signal> is asked for. Write ${right}`
    );
  }
  if (exact && named !== undefined && named !== signal) {
    return `${name}: it ends in ${end}, which is for ${named}. Write ${right}/v1/${signal}`;
  }
  if (exact && url.pathname === '/') {
    return `${name}: it is used as it is, without a path. Write ${right}/v1/${signal} unless the collector takes ${signal} at /`;
  }
  return undefined;
};
