import { TransportConfigError } from '../pool/config-error.js';
import { GRPC_PORT, originOf, readEndpoint, ruleOf } from '../pool/endpoint.js';
import type { Endpoint } from '../pool/endpoint.js';
import { poolFault } from '../pool/pool-options.js';
import type { PoolOptions } from '../pool/pool-options.js';
import { readTls, tlsLine, tlsToPlain } from '../pool/tls-files.js';
import type { TlsReading } from '../pool/tls-files.js';
import type { TlsFile, TlsOptions } from '../pool/tls-material.js';
import type { Protocol } from '../wire/model.js';
import { headerFault } from './headers.js';
import type { Headers } from './headers.js';
import { readProxy } from './proxy.js';
import type { Environment } from './proxy.js';

/**
 * A fault of one destination, and the remedy. Never contains a secret.
 *
 * @internal
 */
export type DestinationFault =
  | { readonly code: 'endpoint' | 'headers' | 'pool'; readonly text: string }
  /** `file`: the option that names the file; undefined for all of them. */
  | { readonly code: 'tls'; readonly file?: TlsFile; readonly text: string }
  /** `variable` names the proxy. */
  | { readonly code: 'proxy'; readonly variable: string; readonly text: string };

/** The parts of a destination that are checked. @internal */
export interface CheckableDestination {
  readonly protocol: Protocol;
  readonly endpoint: string;
  readonly headers?: readonly Headers[];
  readonly tls?: TlsOptions | undefined;
}

/** Inputs of the check other than the destination. @internal */
export interface CheckSources {
  readonly pool?: PoolOptions;
  /** Variables that may name a proxy. Default: those of the process. `undefined`: no proxy is used. */
  readonly env?: Environment | undefined;
  /** Default: the files are read now. */
  readonly readTls?: (options: TlsOptions) => TlsReading;
}

/** @internal */
export interface CheckedDestination {
  readonly faults: readonly DestinationFault[];
  /** Undefined for a faulty endpoint. */
  readonly endpoint: Endpoint | undefined;
  /** The proxy of an endpoint over HTTP; undefined for none. */
  readonly proxy: Endpoint | undefined;
  /** Undefined without TLS files. */
  readonly tls: TlsReading | undefined;
}

/**
 * Checks one destination as a sender would when it is made, without making one. Reads the environment and the TLS
 * files, and opens nothing. Never throws.
 *
 * @internal
 */
export function checkDestination(
  { protocol, endpoint: text, headers = [], tls: tlsOptions }: CheckableDestination,
  sources: CheckSources = {},
): CheckedDestination {
  const { pool = {}, env = 'env' in sources ? undefined : process.env } = sources;
  const faults: DestinationFault[] = [];
  const reading = readEndpoint(text, protocol === 'grpc' ? GRPC_PORT : undefined);
  const endpoint = reading.kind === 'endpoint' ? reading.endpoint : undefined;
  if (reading.kind === 'fault') faults.push({ code: 'endpoint', text: ruleOf(reading.fault) });

  const tls = tlsOptions && (sources.readTls ?? readTls)(tlsOptions);
  for (const { file, text: what } of tls?.faults ?? []) {
    faults.push({ code: 'tls', file, text: what });
  }
  if (tls?.faults.length === 0 && endpoint?.tls === false) {
    faults.push({ code: 'tls', text: tlsToPlain(originOf(endpoint, protocol)) });
  }

  for (const given of headers) {
    const what = typeof given === 'function' ? undefined : headerFault(given);
    if (what !== undefined) faults.push({ code: 'headers', text: what });
  }
  const badPool = poolFault(pool);
  if (badPool !== undefined) faults.push({ code: 'pool', text: badPool });

  const isProxied = endpoint !== undefined && env !== undefined && protocol !== 'grpc';
  const proxy = isProxied ? readProxy(endpoint, env) : undefined;
  if (proxy?.kind === 'fault') {
    const { variable, text: what } = proxy;
    faults.push({ code: 'proxy', variable, text: what });
  }
  return { faults, endpoint, proxy: proxy?.kind === 'proxy' ? proxy.proxy : undefined, tls };
}

/** A fault, as the error that a sender throws. */
export function destinationError(
  fault: DestinationFault,
  tls: TlsOptions = {},
): TransportConfigError {
  const { code, text } = fault;
  if (code === 'endpoint') return new TransportConfigError(code, `endpoint ${text}`);
  if (code === 'proxy') return new TransportConfigError(code, `${fault.variable}: ${text}`);
  if (code !== 'tls') return new TransportConfigError(code, text);
  const line = fault.file === undefined ? text : tlsLine(tls, { file: fault.file, text });
  return new TransportConfigError(code, `tls: ${line}`);
}
