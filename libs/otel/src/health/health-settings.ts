import type { InjectionToken } from '@nestjs/common';
import type { HealthOptions } from '../options/otel.options.js';
import type { HealthIndicator } from './indicator.js';

/** {@link HealthOptions} with every default filled in. */
export interface HealthSettings {
  readonly enabled: boolean;
  readonly paths: Readonly<Record<'live' | 'ready' | 'startup' | 'health', string>>;
  readonly port: number | undefined;
  readonly host: string | undefined;
  readonly databases: Readonly<Record<string, InjectionToken>>;
  readonly indicators: readonly HealthIndicator[];
  readonly otlp: boolean;
  readonly timeoutMs: number;
  readonly cacheMs: number;
}

const DEFAULTS = {
  enabled: true,
  paths: { live: '/livez', ready: '/readyz', startup: '/startupz', health: '/healthz' },
  port: undefined,
  host: undefined,
  databases: {},
  indicators: [],
  otlp: true,
  timeoutMs: 1000,
  cacheMs: 1000,
} satisfies HealthSettings;

const withSlash = (path: string): string => (path.startsWith('/') ? path : `/${path}`);

/** Values are taken as they are: the options room has judged them before. */
export function resolveHealth(options: HealthOptions = {}): HealthSettings {
  const paths = { ...DEFAULTS.paths, ...options.paths };
  return Object.freeze({
    enabled: options.enabled ?? DEFAULTS.enabled,
    paths: Object.freeze({
      live: withSlash(paths.live),
      ready: withSlash(paths.ready),
      startup: withSlash(paths.startup),
      health: withSlash(paths.health),
    }),
    port: options.port,
    host: options.host,
    databases: Object.freeze({ ...options.databases }),
    indicators: Object.freeze([...(options.indicators ?? [])]),
    otlp: options.otlp ?? DEFAULTS.otlp,
    timeoutMs: options.timeoutMs ?? DEFAULTS.timeoutMs,
    cacheMs: options.cacheMs ?? DEFAULTS.cacheMs,
  });
}
