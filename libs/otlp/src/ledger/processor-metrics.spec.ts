import { SdkMeter } from './fixtures/sdk-meter.js';
import { createLedger } from './ledger.js';
import type { Ledger } from './ledger.js';
import { pipelineMetrics } from './pipeline-metrics.js';
import type { CollectorBreaker } from './pipeline-metrics.js';
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

  async function values(name: string): Promise<Record<string, unknown>> {
    return Object.fromEntries(
      (await sdk.points(name)).map(({ attributes, value }) => [
        [attributes['nestlens.otlp.signal'], attributes['error.type']].join(''),
        value,
      ]),
    );
  }

  it('are not read without a meter', () => {
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

  it('exist only for the chosen signals', async () => {
    const stop = processorMetrics(sdk.meter, { ledger, signals: ['traces'] });
    expect(await values('otel.sdk.processor.span.processed')).toMatchObject({ '': 60 });
    expect(await sdk.metric('otel.sdk.processor.log.processed')).toBeUndefined();
    stop();
  });

  it('count dropped items, the spool and possible duplicates', async () => {
    const stop = pipelineMetrics(sdk.meter, ledger);
    expect(await values('nestlens.otlp.dropped')).toEqual({
      tracesqueue_full: 7,
      tracesalready_shutdown: 3,
      tracesexport_failed: 5,
    });
    expect(await values('nestlens.otlp.spooled')).toEqual({ traces: 6, metrics: 0, logs: 0 });
    expect(await values('nestlens.otlp.possible_duplicates')).toMatchObject({ traces: 2 });
    expect(await sdk.points('nestlens.otlp.breaker')).toEqual([]);
    stop();
  });

  it('show the state of each breaker, with signal and collector', async () => {
    let state: CollectorBreaker['state'] = 'open';
    const stop = pipelineMetrics(sdk.meter, ledger, () => [
      { signals: ['traces', 'logs'], serverAddress: 'one', serverPort: 4317, state: 'half-open' },
      { signals: ['metrics'], serverAddress: 'two', serverPort: 4318, state },
    ]);
    async function states(): Promise<unknown> {
      return (await sdk.points('nestlens.otlp.breaker')).flatMap(({ attributes, value }) => {
        const { 'nestlens.otlp.breaker.state': kind, 'nestlens.otlp.signal': signal } = attributes;
        const { 'server.address': address, 'server.port': port } = attributes;
        return value === 1 ? [[signal, address, port, kind]] : [];
      });
    }
    expect(await sdk.points('nestlens.otlp.breaker')).toHaveLength(9);
    expect(await states()).toEqual([
      ['traces', 'one', 4317, 'half-open'],
      ['logs', 'one', 4317, 'half-open'],
      ['metrics', 'two', 4318, 'open'],
    ]);
    state = 'closed';
    expect(await states()).toContainEqual(['metrics', 'two', 4318, 'closed']);
    stop();
  });
});
