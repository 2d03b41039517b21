import { exportEngineContract } from '@nestlens/testing/contracts';
import { resolveConfig } from '../options/resolve.js';
import { createSdkEngine } from './sdk-engine.js';

// The spec of the contract itself runs it without compression.
exportEngineContract(
  'sdk with gzip',
  ({ protocol, endpoint }, { timeoutMs, ...batch }) =>
    createSdkEngine(
      resolveConfig(
        {
          otlp: { protocol, endpoint, timeoutMs, compression: 'gzip' },
          traces: { batch },
          logs: { batch },
          metrics: { intervalMs: 60_000 },
        },
        {},
      ),
    ),
  { countsPartialSuccess: false },
);
