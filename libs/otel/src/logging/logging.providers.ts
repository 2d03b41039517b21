import type { Provider } from '@nestjs/common';
import { OTEL_CONFIG } from '../options/otel.config.js';
import type { LoggerSettings, OtelConfig } from '../options/otel.config.js';
import { DiagBridge } from './diag-bridge.js';
import { LOGGER_SETTINGS, OtelLogger } from './otel-logger.js';
import { SecretMask } from '../secrets/secret-mask.js';

/** Needs `OTEL_CONFIG` and {@link LOGGER_SETTINGS}. Users inject `OtelLogger`. */
export const LOGGING_PROVIDERS: Provider[] = [
  OtelLogger,
  {
    provide: SecretMask,
    inject: [OTEL_CONFIG],
    useFactory: (config: OtelConfig) => SecretMask.of(config.secrets.reveal()),
  },
  {
    provide: DiagBridge,
    inject: [LOGGER_SETTINGS, SecretMask],
    useFactory: (settings: LoggerSettings, mask: SecretMask) => new DiagBridge({ settings, mask }),
  },
];
