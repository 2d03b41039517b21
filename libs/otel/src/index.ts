export type * from './options/otel.options.js';
export type { HealthFinding, HealthIndicator, HealthState } from './health/indicator.js';
