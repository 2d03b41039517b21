import { resolveConfig } from '../../../otel/src/options/resolve.js';
import { createSdkEngine } from '../../../otel/src/engine/sdk-engine.js';
import { exportEngineCases, exportEngineContract } from './export-engine.contract.js';
import type { EngineFactory } from './export-engine.contract.js';

const createSdk: EngineFactory = ({ protocol, endpoint }, { timeoutMs, ...batch }) =>
  createSdkEngine(
    resolveConfig(
      {
        otlp: { protocol, endpoint, timeoutMs },
        traces: { batch },
        logs: { batch },
        metrics: { intervalMs: 60_000 },
      },
      {},
    ),
  );

exportEngineContract('sdk', createSdk, { countsPartialSuccess: false });

describe('exportEngineContract', () => {
  it('fails an engine that counts wrong', async () => {
    const cases = exportEngineCases('grpc', async (destination, options) => {
      const engine = await createSdk(destination, options);
      const status = () => engine.status();
      return {
        ...engine,
        status: () => ({ ...status(), traces: { ...status().traces, accepted: 0 } }),
      };
    });
    const first = cases.find(({ name }) => name.startsWith('delivers spans'));
    await expect(first?.run()).rejects.toThrow('traces: 3 created, but {"accepted":0');
  });

  it('fails an engine that loses spans', async () => {
    const cases = exportEngineCases('grpc', async (destination, options) => {
      const { spanProcessor, ...engine } = await createSdk(destination, options);
      await spanProcessor?.shutdown();
      return { ...engine, spanProcessor };
    });
    const first = cases.find(({ name }) => name.startsWith('delivers spans'));
    await expect(first?.run()).rejects.toThrow('Expected values to be strictly equal');
  });
});
