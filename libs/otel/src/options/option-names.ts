// The names that an option or a variable may have as its value, each list once.

export const RESOURCE_DETECTORS = [
  'env',
  'serviceinstance',
  'process',
  'host',
  'os',
  'container',
  'k8s',
] as const;

export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export const PROPAGATORS = ['tracecontext', 'baggage', 'b3', 'b3multi', 'none'] as const;
export const EXPORTERS = ['otlp', 'console', 'none'] as const;
export const TEMPORALITIES = ['cumulative', 'delta', 'lowmemory'] as const;

export const SELF_METRICS = ['basic', 'detailed', 'off'] as const;

export const LOG_FORMATS = ['pretty', 'json'] as const;
/** Nest's levels from the least to the most severe. */
export const LOG_LEVELS = ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'] as const;
/** Levels of OpenTelemetry's own diagnostics, from the fewest lines to the most. */
export const DIAGNOSTIC_LEVELS = [
  'none',
  'error',
  'warn',
  'info',
  'debug',
  'verbose',
  'all',
] as const;

export const ENGINES = ['nestlens', 'sdk'] as const;
export const TRACERS = ['nestlens', 'sdk'] as const;
export const COMPRESSIONS = ['none', 'gzip', 'zstd'] as const;
export const DROP_POLICIES = ['newest', 'oldest', 'keepErrors'] as const;
export const DURABILITIES = ['overflow', 'always'] as const;
export const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
