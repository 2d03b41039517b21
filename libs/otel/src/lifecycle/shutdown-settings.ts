export type { ShutdownConfig as ShutdownSettings } from '../options/otel.config.js';
