import { SIGNALS } from '@nestlens/otlp';
import type { OtelConfig, OtlpDestination } from '../options/otel.config.js';
import type { Destination } from './engine.js';

const shownUrl = (to: OtlpDestination): string => {
  const url = new URL(to.url);
  if (url.protocol === 'unix:') return to.url;
  return `${url.protocol}//${url.host}${to.protocol === 'grpc' ? '' : url.pathname}`;
};

/** Where the signals that are on go, without credentials. */
export const shownDestinations = (config: OtelConfig): readonly Destination[] =>
  SIGNALS.filter((signal) => config[signal].exporters.includes('otlp')).map((signal) => ({
    signal,
    protocol: config.otlp[signal].protocol,
    url: shownUrl(config.otlp[signal]),
  }));
