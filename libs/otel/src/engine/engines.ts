import { TransportConfigError } from '@nestlens/otlp';
import type { TransportConfigErrorCode } from '@nestlens/otlp';
import { OtelConfigError } from '../options/faults.js';
import type { OtelConfig } from '../options/otel.config.js';
import type { OtlpEngine } from '../options/otel.options.js';
import { knownSecrets } from '../secrets/known-secrets.js';
import { maskedText } from '../secrets/masked-text.js';
import { SecretMask } from '../secrets/secret-mask.js';
import type { ExportEngine } from './engine.js';
import { createNestlensEngine } from './nestlens-engine.js';
import { createSdkEngine } from './sdk-engine.js';

const engines: Record<OtlpEngine, (config: OtelConfig) => ExportEngine> = {
  nestlens: (config) => createNestlensEngine(config),
  sdk: createSdkEngine,
};

const PATHS: Record<TransportConfigErrorCode, string> = {
  endpoint: 'otlp.endpoint',
  tls: 'otlp.tls',
  headers: 'otlp.headers',
  proxy: 'HTTP_PROXY, HTTPS_PROXY',
  pool: 'otlp.pool',
};

/**
 * The one place that knows which engines there are.
 * @throws OtelConfigError for what only an engine finds wrong, such as a proxy that the environment names.
 */
export const createEngine = (config: OtelConfig): ExportEngine => {
  try {
    return engines[config.otlp.engine](config);
  } catch (error) {
    const path = error instanceof TransportConfigError ? PATHS[error.code] : 'otlp';
    const { message } = error as Partial<Error>;
    const mask = SecretMask.of(knownSecrets(config, process.env));
    throw new OtelConfigError([
      { path, found: undefined, remedy: maskedText(mask.mask(message ?? '')) },
    ]);
  }
};
