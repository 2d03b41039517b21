import { SIGNALS } from '@nestlens/otlp';
import type { DestinationOptions, PipelineOptions, Signal } from '@nestlens/otlp';
import type { OtelConfig } from '../options/otel.config.js';
import type { Destination } from './engine.js';

/** The official exporters know of none. */
const proxyOf = ({ otlp }: OtelConfig, signal: Signal): Pick<Destination, 'proxy'> => {
  const { proxy } = otlp[signal];
  return proxy === undefined || otlp.engine === 'sdk' ? {} : { proxy };
};

/** The destinations of the signals that are on, without credentials. */
export const shownDestinations = (config: OtelConfig): readonly Destination[] =>
  SIGNALS.filter((signal) => config[signal].exporters.includes('otlp')).map((signal) => ({
    signal,
    protocol: config.otlp[signal].protocol,
    url: config.otlp[signal].shown,
    ...proxyOf(config, signal),
  }));

const destinationOf = (config: OtelConfig, signal: Signal): DestinationOptions | undefined => {
  if (!config[signal].exporters.includes('otlp')) return undefined;
  const to = config.otlp[signal];
  return {
    protocol: to.protocol,
    endpoint: to.url,
    headers: [to.headers.reveal(), ...to.headerFunctions],
    compression: to.compression === 'none' ? 'identity' : to.compression,
    timeoutMs: to.timeoutMs,
    ...(to.tlsFiles && { tls: to.tlsFiles.reveal() }),
  };
};

/** The destinations of the pipeline for the signals that are on. */
export const destinationsOf = (
  config: OtelConfig,
): Pick<PipelineOptions, 'traces' | 'metrics' | 'logs'> => {
  const [traces, metrics, logs] = SIGNALS.map((signal) => destinationOf(config, signal));
  return { ...(traces && { traces }), ...(metrics && { metrics }), ...(logs && { logs }) };
};
