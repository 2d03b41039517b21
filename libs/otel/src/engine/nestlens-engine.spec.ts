import { exportEngineContract } from '@nestlens/testing';
import type { EngineFactory } from '@nestlens/testing';
import { resolveConfig } from '../options/resolve.js';
import { createNestlensEngine } from './nestlens-engine.js';

const createNestlens: EngineFactory = ({ protocol, endpoint }, { timeoutMs }) =>
  createNestlensEngine(
    resolveConfig({ otlp: { protocol, endpoint, timeoutMs }, metrics: { intervalMs: 60_000 } }, {}),
    // Longer than the pipeline takes to tell of what it tries again.
    { flushTimeoutMs: 1500, shutdownTimeoutMs: 300 },
  );

exportEngineContract('nestlens', createNestlens);
