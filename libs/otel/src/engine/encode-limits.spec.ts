import { TracerProvider } from '@opentelemetry/sdk-trace';
import { ScriptedOtlpServer, useLeakCheck, patience } from '@nestlens/testing';
import { resolveConfig } from '../options/resolve.js';
import { createEngine } from './engines.js';

describe('limits of spans', () => {
  useLeakCheck();
  let server: ScriptedOtlpServer;

  beforeEach(async () => {
    server = await ScriptedOtlpServer.start();
  });
  afterEach(() => server.close());

  /** The number of attributes that arrive, the length of the first one, and the count of dropped ones. */
  const arriving = async (limits: object): Promise<readonly [number, number, number]> => {
    const config = resolveConfig(
      {
        otlp: { endpoint: server.grpcUrl, worker: false },
        traces: { limits },
        metrics: { exporters: ['none'] },
      },
      {},
    );
    const engine = await createEngine(config);
    const { spanProcessor } = engine;
    if (spanProcessor === undefined) throw new Error('traces are on');
    const spanLimits = config.traces.limits;
    const provider = new TracerProvider({ spanProcessors: [spanProcessor], spanLimits });
    const span = provider.getTracer('spec').startSpan('wide');
    span.setAttribute('long', 'x'.repeat(300_000));
    for (let index = 1; index < 300; index += 1) span.setAttribute(`key ${index}`, index);
    span.end();
    await engine.flush(patience());
    await engine.shutdown(patience());
    const [wide] = server.spans();
    return [
      Object.keys(wide?.attributes ?? {}).length,
      String(wide?.attributes['long'] as string | undefined).length,
      wide?.droppedAttributesCount ?? Number.NaN,
    ];
  };

  it('have the defaults of the SDK and of the pipeline', async () => {
    expect(await arriving({})).toEqual([128, 4096, 172]);
  });

  it('apply in the pipeline too if options raise them, even above the size of a slab', async () => {
    const limits = { attributeCount: 400, attributeValueLength: 290_000 };
    expect(await arriving(limits)).toEqual([300, 290_000, 0]);
  });

  it('apply in the SDK if options lower them', async () => {
    const limits = { attributeCount: 10, attributeValueLength: 20 };
    expect(await arriving(limits)).toEqual([10, 20, 290]);
  });
});
