import { TracerProvider } from '@opentelemetry/sdk-trace';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import type { OtlpOptions } from '../options/otel.options.js';
import { resolveConfig } from '../options/resolve.js';
import { createEngine } from './engines.js';
import { useTold } from './fixtures/told.js';

/** Only the engine nestlens asks functions; the other refuses them at start. */
describe("the application's functions that the engine nestlens asks", () => {
  useLeakCheck();
  const told = useTold();
  let server: ScriptedOtlpServer;

  const send = async (otlp: OtlpOptions) => {
    const config = resolveConfig(
      {
        otlp: { endpoint: server.grpcUrl, worker: false, ...otlp },
        metrics: { exporters: ['none'] },
      },
      {},
    );
    const engine = createEngine(config);
    const { spanProcessor } = engine;
    if (spanProcessor === undefined) throw new Error('traces are on');
    const provider = new TracerProvider({ spanProcessors: [spanProcessor] });
    provider.getTracer('spec').startSpan('hooked').end();
    await engine.shutdown(AbortSignal.timeout(500));
    await provider.shutdown();
    return engine.status().traces;
  };

  beforeEach(async () => {
    server = await ScriptedOtlpServer.start();
  });
  afterEach(() => server.close());

  const wrong: readonly (readonly [string, () => unknown])[] = [
    ['undefined', () => undefined],
    ['a number', () => 7],
    ['a text where headers are wanted, nothing where a token is', () => ''],
    ['what cannot be cloned', () => ({ a: Symbol('canary') })],
    [
      'what throws',
      () => {
        throw new Error('canary');
      },
    ],
    ['what rejects', () => Promise.reject(new Error('canary'))],
  ];

  it.each(wrong)(
    'row 24: that give %s send nothing without them, and are told once',
    async (_, ask) => {
      const asked: readonly OtlpOptions[] = [
        { headers: ask as never },
        { auth: { type: 'bearer', token: ask as never } },
      ];
      for (const otlp of asked) {
        told.length = 0;
        const status = await send(otlp);
        expect(status).toMatchObject({ accepted: 0, queued: 0, dropped: { shutdown_deadline: 1 } });
        const ofHeaders = told.filter((line) => line.includes('the function for headers'));
        expect(ofHeaders).toHaveLength(1);
        expect(told.join()).not.toContain('canary');
      }
      expect(server.requests()).toEqual([]);
    },
  );
});
