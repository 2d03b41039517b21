import { GRPC_PORT, originOf, readEndpoint } from '@nestlens/otlp';
import type { Endpoint, EndpointReading, Signal } from '@nestlens/otlp';
import type { Environment } from './environment.js';
import type { Fault } from './faults.js';
import type { OtlpDestinationOptions, OtlpEngine, OtlpProtocol } from './otel.options.js';
import { shown } from './shown.js';
import type { SharedVariable, SignalVariable } from './variables.js';

const QUERY =
  'leave out what begins with "?" or "#"; credentials go into otlp.headers or otlp.auth';

/** The URL with the default port of the protocol. */
const reading = (text: string, protocol: OtlpProtocol): EndpointReading =>
  readEndpoint(text, protocol === 'grpc' ? GRPC_PORT : undefined);

/** An endpoint as it was given, and under which name. */
export interface GivenEndpoint {
  /** An option or a variable. */
  readonly name: string;
  readonly text: string;
  readonly endpoint: Endpoint;
  /** True for an endpoint of this signal alone: nothing is appended to it. */
  readonly exact: boolean;
}

type EndpointVariable = SharedVariable<'ENDPOINT'> | SignalVariable<'ENDPOINT'>;
type InsecureVariable = SharedVariable<'INSECURE'> | SignalVariable<'INSECURE'>;

/** The facts that decide how a variable is read. */
interface Wanted {
  readonly protocol: OtlpProtocol;
  readonly engine: OtlpEngine;
  readonly insecure: readonly InsecureVariable[];
}

/** The endpoint that a variable gives, as a URL that can be used. */
const fromVariable = (
  environment: Environment,
  name: EndpointVariable,
  { protocol, engine, insecure }: Wanted,
): Pick<GivenEndpoint, 'text' | 'endpoint'> | undefined => {
  const given = environment.get(name);
  if (given === undefined) return undefined;
  // Only gRPC knows targets without a scheme; the insecure flag then decides on TLS.
  const isUnix = given.startsWith('unix:');
  const isBare = protocol === 'grpc' && !isUnix && !given.includes('://');
  const isInsecure = insecure.some((flag) => environment.get(flag) === true);
  const text = isBare ? `${isInsecure ? 'http' : 'https'}://${given}` : given;
  const read = reading(text, protocol);
  const isTaken = read.kind === 'endpoint' && (!isUnix || engine === 'nestlens');
  if (isTaken) return { text, endpoint: read.endpoint };
  const isQuery = read.kind === 'fault' && read.fault === 'query';
  const rule = isQuery ? QUERY : 'a URL such as http://collector:4317 is needed';
  environment.warn(name, `${rule}; the default is used`);
  return undefined;
};

const defaultEndpoint = (protocol: OtlpProtocol): string =>
  protocol === 'grpc' ? 'http://localhost:4317' : 'http://localhost:4318';

/** The endpoint that an option gives. A faulty one is reported elsewhere, and counts as the default here. */
const fromOption = (
  text: string | undefined,
  protocol: OtlpProtocol,
): Pick<GivenEndpoint, 'text' | 'endpoint'> | undefined => {
  if (text === undefined) return undefined;
  const read = reading(text, protocol);
  return read.kind === 'endpoint' ? { text, endpoint: read.endpoint } : undefined;
};

/**
 * The endpoint of a signal: its own option, then the shared one, then its own variable, then the shared one, then the
 * default.
 */
export const givenEndpoint = (
  signal: Signal,
  options: { readonly own?: string | undefined; readonly shared?: string | undefined },
  environment: Environment,
  variables: readonly [SignalVariable<'ENDPOINT'>, SharedVariable<'ENDPOINT'>],
  wanted: Wanted,
): GivenEndpoint => {
  const { protocol } = wanted;
  const own = fromOption(options.own, protocol);
  if (own) return { ...own, name: `otlp.${signal}.endpoint`, exact: true };
  const shared = fromOption(options.shared, protocol);
  if (shared) return { ...shared, name: 'otlp.endpoint', exact: false };
  const [signalName, sharedName] = variables;
  const ownVariable = fromVariable(environment, signalName, wanted);
  if (ownVariable) return { ...ownVariable, name: signalName, exact: true };
  const text = defaultEndpoint(protocol);
  const found = fromVariable(environment, sharedName, wanted) ?? fromOption(text, protocol);
  return { ...found!, name: sharedName, exact: false };
};

/** The faults of an endpoint in code that the schema does not find. */
export const endpointFaults = (
  path: string,
  { endpoint }: OtlpDestinationOptions,
): readonly Fault[] => {
  const read = endpoint === undefined ? undefined : readEndpoint(endpoint);
  return read?.kind === 'fault' && read.fault === 'query'
    ? [{ path, found: shown(path, endpoint), remedy: QUERY }]
    : [];
};

export const likelySwap = (
  { port, path, socketPath }: Endpoint,
  protocol: OtlpProtocol,
): string | undefined => {
  if (socketPath !== undefined) return undefined;
  if (protocol === 'grpc' && port === 4318) return 'port 4318 is the port of OTLP over HTTP';
  if (protocol !== 'grpc' && port === 4317) return 'port 4317 is the port of OTLP over gRPC';
  if (protocol === 'grpc' && path !== '') return 'gRPC takes no path; it is ignored';
  return undefined;
};

const SIGNAL_PATH = /\/v1\/(traces|metrics|logs)$/;

/**
 * Finds a likely mistake in the path of an endpoint over HTTP, by the name under which it was given. The shared one
 * gets `/v1/<signal>`, one of a signal is used as it is. [specification, protocol/exporter, "Endpoint URLs for OTLP/HTTP"]
 */
export const pathMistake = (
  { name, endpoint, exact }: GivenEndpoint,
  signal: Signal,
  protocol: OtlpProtocol,
): string | undefined => {
  if (endpoint.socketPath !== undefined || protocol === 'grpc') return undefined;
  const { path } = endpoint;
  const [end, named] = SIGNAL_PATH.exec(path) ?? [];
  const base = end === undefined ? path : path.slice(0, -end.length);
  const right = `${originOf(endpoint, protocol)}${base}`;
  if (!exact && end !== undefined) {
    // The text is the same for each signal, so that it is printed once.
    return (
      `${name}: it ends in ${end}, and /v1/<signal> is appended to it, so that ` +
      `${path}/v1/<signal> is asked for. Write ${right}`
    );
  }
  if (exact && named !== undefined && named !== signal) {
    return `${name}: it ends in ${end}, which is for ${named}. Write ${right}/v1/${signal}`;
  }
  if (exact && path === '') {
    return `${name}: it is used as it is, without a path. Write ${right}/v1/${signal} unless the collector takes ${signal} at /`;
  }
  return undefined;
};
