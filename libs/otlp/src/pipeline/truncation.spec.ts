import { SdkMeter } from '../ledger/fixtures/sdk-meter.js';
import { Collector } from './fixtures/collector.js';
import { createTelemetry } from './fixtures/telemetry.js';
import { createPipeline } from './create-pipeline.js';

describe('truncated parts of items', () => {
  let collector: Collector;
  let sdk: SdkMeter;

  beforeEach(async () => {
    collector = await new Collector().start();
    sdk = new SdkMeter();
  });
  afterEach(async () => {
    await sdk.shutdown();
    await collector.stop();
  });

  async function counted(): Promise<Record<string, unknown>> {
    return Object.fromEntries(
      (await sdk.points('nestlens.otlp.left_out')).map(({ attributes, value }) => [
        `${String(attributes['nestlens.otlp.signal'])} ${String(attributes['nestlens.otlp.part'])}`,
        value,
      ]),
    );
  }

  it.each(['newest', 'keepErrors'] as const)(
    'are counted by kind, and logged in one line for each signal (%s)',
    async (dropPolicy) => {
      const lines: string[] = [];
      const to = { endpoint: collector.grpc };
      const pipeline = createPipeline({
        traces: to,
        logs: to,
        worker: false,
        dropPolicy,
        encode: { attributes: 2, events: 1, links: 0, valueLength: 10 },
        meter: sdk.meter,
        selfMetrics: 'detailed',
        log: (_level, line) => void lines.push(line),
      });
      pipeline.start();
      const { tracer, logger } = createTelemetry(pipeline);
      for (const code of [0, 2]) {
        const span = tracer.startSpan('wide');
        span.setAttributes({ long: 'x'.repeat(11), a: 1, b: 2, c: 3 });
        span.addEvent('one').addEvent('two').setStatus({ code });
        span.addLink({ context: span.spanContext() });
        span.end();
      }
      logger.emit({ body: 'short', attributes: { long: 'y'.repeat(11) } });
      await pipeline.flush();
      expect(await counted()).toEqual({
        'traces attributes': 4,
        'traces events': 2,
        'traces links': 2,
        'traces values': 2,
        'logs attributes': 0,
        'logs events': 0,
        'logs links': 0,
        'logs values': 1,
      });
      await pipeline.shutdown();
      const reason = 'they are beyond the limits of an item, or cannot be read';
      expect(lines.toSorted()).toEqual([
        `of logs, 1 values were left out or cut: ${reason}`,
        `of traces, 4 attributes, 2 events, 2 links, 2 values were left out or cut: ${reason}`,
      ]);
    },
  );
});
