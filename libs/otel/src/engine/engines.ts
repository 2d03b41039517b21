import type { OtelConfig } from '../options/otel.config.js';
import type { OtlpEngine } from '../options/otel.options.js';
import type { ExportEngine } from './engine.js';
import { createSdkEngine } from './sdk-engine.js';

const engines: Record<OtlpEngine, (config: OtelConfig) => ExportEngine> = {
  sdk: createSdkEngine,
};

/** The one place that knows which engines there are. */
export const createEngine = (config: OtelConfig): ExportEngine =>
  engines[config.otlp.engine](config);
