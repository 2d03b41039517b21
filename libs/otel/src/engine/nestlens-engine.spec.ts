import { exportEngineContract } from '@nestlens/testing';
import type { EngineFactory } from '@nestlens/testing';
import { resolveConfig } from '../options/resolve.js';
import { createNestlensEngine } from './nestlens-engine.js';

const createNestlens: EngineFactory = ({ protocol, endpoint }, { timeoutMs }) =>
  createNestlensEngine(
    resolveConfig({ otlp: { protocol, endpoint, timeoutMs }, metrics: { intervalMs: 60_000 } }, {}),
    // As long as a spec is willing to wait for a collector that is not there.
    { flushTimeoutMs: 300, shutdownTimeoutMs: 300 },
  );

exportEngineContract('nestlens', createNestlens);
