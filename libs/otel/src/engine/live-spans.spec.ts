import { TracerProvider } from '@opentelemetry/sdk-trace';
import { recordTelemetry, useLeakCheck } from '@nestlens/testing';
import type { RecordedTelemetry } from '@nestlens/testing';
import { ENGINES } from '../options/fixtures/engines.js';
import { resolveConfig } from '../options/resolve.js';
import { createEngine } from './engines.js';
import { useTold } from './fixtures/told.js';

/** Nobody listens on port 1. On the default port there may be a Collector of the developer. */
const NOBODY = 'http://127.0.0.1:1';

describe.each(ENGINES)('spans that never end, with the engine %s', (name) => {
  useLeakCheck();
  const told = useTold();
  let telemetry: RecordedTelemetry;
  beforeAll(() => void (telemetry = recordTelemetry()));
  afterAll(() => telemetry.restore());

  const liveNow = async (): Promise<unknown> => {
    const found = (await telemetry.collectMetrics()).find(
      ({ descriptor }) => descriptor.name === 'otel.sdk.span.live',
    );
    return found?.dataPoints.map(({ attributes, value }) => [
      attributes['otel.span.sampling_result'],
      value,
    ]);
  };

  it('are counted in a gauge while they are open, and a warning at the shutdown names their number', async () => {
    const worker = name === 'nestlens' ? { worker: false } : {};
    const engine = await createEngine(
      resolveConfig(
        {
          otlp: { engine: name, endpoint: NOBODY, timeoutMs: 100, ...worker },
          metrics: { self: 'detailed' },
        },
        {},
      ),
    );
    const { spanProcessor } = engine;
    if (spanProcessor === undefined) throw new Error('traces are on');
    const tracer = new TracerProvider({ spanProcessors: [spanProcessor] }).getTracer('spec');
    const [ended] = [tracer.startSpan('ends'), tracer.startSpan('a leak'), tracer.startSpan('b')];
    expect(await liveNow()).toEqual([
      ['RECORD_AND_SAMPLE', 3],
      ['RECORD_ONLY', 0],
    ]);
    ended.end();
    ended.end();
    expect(await liveNow()).toEqual([
      ['RECORD_AND_SAMPLE', 2],
      ['RECORD_ONLY', 0],
    ]);
    await engine.shutdown(AbortSignal.timeout(100));
    expect(
      told.filter((line) => line.startsWith('2 spans had not ended at shutdown')),
    ).toHaveLength(1);
    await engine.metricReader?.shutdown();
  });
});
