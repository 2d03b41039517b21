import { breaker } from '../layers/breaker.js';
import { ManualClock } from '../layers/fixtures/manual-clock.js';
import { SdkMeter } from './fixtures/sdk-meter.js';
import { createLedger } from './ledger.js';
import type { Ledger } from './ledger.js';
import { pipelineMetrics } from './pipeline-metrics.js';
import { processorMetrics } from './processor-metrics.js';

describe('metrics read from the ledger', () => {
  let sdk: SdkMeter;
  let ledger: Ledger;
  beforeEach(() => {
    sdk = new SdkMeter();
    ledger = createLedger();
    const main = ledger.writer('main');
    main.created('traces', 100);
    main.dropped('traces', 'queue_full', 7);
    main.dropped('traces', 'already_shutdown', 3);
    const worker = ledger.writer('worker');
    worker.handed('traces', 60);
    worker.accepted('traces', 40);
    worker.dropped('traces', 'export_failed', 5);
    worker.spooled('traces', 6);
    worker.possiblyDuplicated('traces', 2);
    main.created('logs', 4);
  });
  afterEach(() => sdk.shutdown());

  const values = async (name: string): Promise<Record<string, unknown>> =>
    Object.fromEntries(
      (await sdk.points(name)).map(({ attributes, value }) => [
        [attributes['nestlens.otlp.signal'], attributes['error.type']].join(''),
        value,
      ]),
    );

  it('cost nothing without a meter', () => {
    processorMetrics(undefined, { ledger })();
    pipelineMetrics(undefined, ledger)();
    expect(ledger.snapshot().traces.created).toBe(100);
  });

  it('are those of a batching processor', async () => {
    const stop = processorMetrics(sdk.meter, { ledger });
    expect(await values('otel.sdk.processor.span.processed')).toEqual({
      '': 60,
      queue_full: 7,
      already_shutdown: 3,
    });
    expect(await values('otel.sdk.processor.span.queue.size')).toEqual({ '': 30 });
    const size = await sdk.metric('otel.sdk.processor.log.queue.size');
    expect(size?.descriptor.unit).toBe('{log_record}');
    expect(size?.dataPoints).toMatchObject([
      { value: 4, attributes: { 'otel.component.type': 'batching_log_processor' } },
    ]);
    stop();
    ledger.writer('worker').handed('traces', 1);
    expect(await values('otel.sdk.processor.span.processed')).toMatchObject({ '': 60 });
  });

  it('are only of the signals that are asked for', async () => {
    const stop = processorMetrics(sdk.meter, { ledger, signals: ['traces'] });
    expect(await values('otel.sdk.processor.span.processed')).toMatchObject({ '': 60 });
    expect(await sdk.metric('otel.sdk.processor.log.processed')).toBeUndefined();
    stop();
  });

  it('tell of losses, of the spool and of the breaker', async () => {
    const circuit = breaker({ clock: new ManualClock() });
    const stop = pipelineMetrics(sdk.meter, ledger, circuit);
    expect(await values('nestlens.otlp.dropped')).toEqual({
      tracesqueue_full: 7,
      tracesalready_shutdown: 3,
      tracesexport_failed: 5,
    });
    expect(await values('nestlens.otlp.spooled')).toEqual({ traces: 6, metrics: 0, logs: 0 });
    expect(await values('nestlens.otlp.possible_duplicates')).toMatchObject({ traces: 2 });
    const states = await sdk.points('nestlens.otlp.breaker');
    expect(
      states.map(({ attributes, value }) => [attributes['nestlens.otlp.breaker.state'], value]),
    ).toEqual([
      ['closed', 1],
      ['open', 0],
      ['half-open', 0],
    ]);
    stop();
  });
});
