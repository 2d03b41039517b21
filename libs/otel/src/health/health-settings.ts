export type { HealthConfig as HealthSettings } from '../options/otel.config.js';
