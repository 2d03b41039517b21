import { exportEngineContract } from '@nestlens/testing/contracts';
import { resolveConfig } from '../options/resolve.js';
import { createSdkEngine } from './sdk-engine.js';

// Without compression the contract's own spec runs it.
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
