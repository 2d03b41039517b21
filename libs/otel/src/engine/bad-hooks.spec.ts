import { TracerProvider } from '@opentelemetry/sdk-trace';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import type { OtlpOptions } from '../options/otel.options.js';
import { resolveConfig } from '../options/resolve.js';
import { useTold } from './fixtures/told.js';
import { createNestlensEngine } from './nestlens-engine.js';

const otlpSource = new URL('../../../otlp/src/', import.meta.url);
const sourceWorker = {
  entry: new URL('pipeline/worker.ts', otlpSource),
  execArgv: ['--no-warnings', '--import', new URL('slab/fixtures/source.mjs', otlpSource).href],
};

/** Only the engine nestlens calls functions for headers. The official engine refuses them at the start. */
describe.each([
  ['on the loop', false],
  ['from a worker', sourceWorker],
] as const)('functions for headers that fail, with the engine nestlens %s', (_mode, worker) => {
  useLeakCheck();
  const told = useTold();
  let server: ScriptedOtlpServer;

  const send = async (otlp: OtlpOptions, asked: Promise<void>) => {
    const config = resolveConfig(
      { otlp: { endpoint: server.grpcUrl, ...otlp }, metrics: { exporters: ['none'] } },
      {},
    );
    const engine = createNestlensEngine(config, { worker });
    const { spanProcessor } = engine;
    if (spanProcessor === undefined) throw new Error('traces are on');
    const provider = new TracerProvider({ spanProcessors: [spanProcessor] });
    provider.getTracer('spec').startSpan('hooked').end();
    // The worker thread takes a while to start.
    await asked;
    const gaveUp = new AbortController();
    const ended = engine.shutdown(gaveUp.signal);
    while (engine.status().traces.last.outcome !== 'failed') await new Promise(setImmediate);
    gaveUp.abort();
    await ended;
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
    ['an empty text', () => ''],
    ['a value that cannot be cloned', () => ({ a: Symbol('canary') })],
    ['a promise as a header value', () => ({ authorization: Promise.resolve('canary') })],
    [
      'an exception',
      () => {
        throw new Error('canary');
      },
    ],
    ['a rejected promise', () => Promise.reject(new Error('canary'))],
  ];

  it.each(wrong)('send no request and log one line if they give %s', async (_, ask) => {
    const given: readonly ((hook: never) => OtlpOptions)[] = [
      (headers) => ({ headers }),
      (token) => ({ auth: { type: 'bearer', token } }),
    ];
    for (const otlpOf of given) {
      told.length = 0;
      const asked = Promise.withResolvers<void>();
      const hook = (): unknown => {
        asked.resolve();
        return ask();
      };
      const status = await send(otlpOf(hook as never), asked.promise);
      expect(status).toMatchObject({ accepted: 0, queued: 0, dropped: { shutdown_deadline: 1 } });
      const ofHeaders = told.filter((line) => line.includes('the function for headers'));
      expect(ofHeaders).toHaveLength(1);
      expect(told.join()).not.toContain('canary');
    }
    expect(server.requests()).toEqual([]);
  });
});
