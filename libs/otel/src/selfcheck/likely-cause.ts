import type { Signal } from '@nestlens/otlp';
import type { OtelConfig } from '../options/otel.config.js';
import type { Silent } from './self-check.js';

/**
 * The likely cause of a silent signal, judged by the configuration, and advice.
 *
 * @param url Where it goes, without credentials.
 */
export const likelyCause = (
  config: OtelConfig,
  signal: Signal,
  { kind }: Silent,
  url: string,
): string => {
  if (kind === 'held') {
    const how =
      config.otlp.engine === 'nestlens' && config.otlp.pipeline.worker !== false
        ? 'The export worker may not have started or hangs: try otlp.worker: false.'
        : 'The exporter may hang.';
    return `They go to ${url}. ${how} diagnostics.level: 'debug' prints what the engine does.`;
  }
  if (signal === 'metrics') {
    const { views } = config.metrics;
    if (views.length > 0) return 'A view of metrics.views may drop every instrument.';
  } else if (config[signal].processors.length > 0) {
    return `A processor of ${signal}.processors may throw or change what ends there.`;
  }
  return (
    'A second copy of @nestlens/otel or another SDK may take them: ' +
    'npm ls @nestlens/otel @opentelemetry/api shows the copies.'
  );
};
