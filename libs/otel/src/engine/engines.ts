import type { MeterProvider } from '@opentelemetry/api';
import { TransportConfigError } from '@nestlens/otlp';
import { OtelConfigError } from '../options/faults.js';
import type { Fault } from '../options/faults.js';
import type { AppTelemetry } from '../late-bound/app-telemetry.js';
import { globalProviders } from '../late-bound/globals.js';
import { aside } from '../context/contexts.js';
import type { OtelConfig } from '../options/otel.config.js';
import type { OtlpEngine } from '../options/otel.options.js';
import { maskedText } from '../secrets/masked-text.js';
import { SecretMask } from '../secrets/secret-mask.js';
import type { ExportEngine } from './engine.js';
import { createNestlensEngine } from './nestlens-engine.js';

type CreateEngine = (
  config: OtelConfig,
  meters: MeterProvider,
) => ExportEngine | Promise<ExportEngine>;

const engines: Record<OtlpEngine, CreateEngine> = {
  nestlens: (config, meters) => createNestlensEngine(config, {}, meters),
  // Imported when it is chosen: the official exporters bring gRPC, and a tenth of a second of loading.
  sdk: async (config, meters) => (await import('./sdk-engine.js')).createSdkEngine(config, meters),
};

/** The fault of an engine that cannot start. A checked fact may have changed since, such as a file of TLS. */
const faultOf = (error: unknown, text: string): Fault => ({
  path: error instanceof TransportConfigError ? `otlp.${error.code}` : 'otlp',
  found: undefined,
  remedy: text,
});

/**
 * The one place that knows which engines there are. An engine's metrics of itself go to the app's own meters.
 * @throws OtelConfigError for faults that only an engine finds.
 */
export const createEngine = async (
  config: OtelConfig,
  { meters }: Pick<AppTelemetry, 'meters'> = globalProviders,
): Promise<ExportEngine> => {
  try {
    return await aside(() => engines[config.otlp.engine](config, meters));
  } catch (error) {
    const { message = 'unknown error' } = error as Partial<Error>;
    const mask = SecretMask.of(config.secrets.reveal());
    throw new OtelConfigError([faultOf(error, maskedText(mask.mask(message)))]);
  }
};
