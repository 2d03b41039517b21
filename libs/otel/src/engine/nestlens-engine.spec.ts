import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { exportEngineContract } from '@nestlens/testing/contracts';
import type { EngineFactory } from '@nestlens/testing/contracts';
import { resolveConfig } from '../options/resolve.js';
import { createNestlensEngine } from './nestlens-engine.js';

const createNestlens: EngineFactory = ({ protocol, endpoint }, { timeoutMs }) =>
  createNestlensEngine(
    resolveConfig({ otlp: { protocol, endpoint, timeoutMs }, metrics: { intervalMs: 60_000 } }, {}),
    // Longer than the pipeline takes to report the batches that it retries.
    { flushTimeoutMs: 1500, shutdownTimeoutMs: 300 },
  );

exportEngineContract('nestlens', createNestlens);

describe('the reader of the engine nestlens', () => {
  it("stops waiting for a silent collector when the caller's signal aborts", async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const engine = createNestlensEngine(
      resolveConfig({ otlp: { endpoint: `http://127.0.0.1:${port}`, worker: false } }, {}),
      { flushTimeoutMs: 2 ** 31 - 1, shutdownTimeoutMs: 1 },
    );
    const meters = new MeterProvider({ readers: engine.metricReader ? [engine.metricReader] : [] });
    meters.getMeter('spec').createCounter('calls').add(1);
    const asked = new AbortController();
    silent.once('connection', () => asked.abort());
    await engine.readUntil?.(asked.signal, async () => engine.metricReader?.forceFlush());
    expect(engine.status().metrics).toMatchObject({ queued: 1, accepted: 0 });
    await engine.shutdown(AbortSignal.abort());
    await meters.shutdown();
    silent.close();
    await once(silent, 'close');
  });
});
