import { SdkMeter } from './fixtures/sdk-meter.js';
import { createLedger } from './ledger.js';
import type { Ledger } from './ledger.js';
import { pipelineMetrics } from './pipeline-metrics.js';
import type { CollectorBreaker } from './pipeline-metrics.js';
import { processorMetrics } from './processor-metrics.js';

describe('metrics read from the ledger', () => {
  const level = 'detailed';
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
    processorMetrics(undefined, { ledger, level })();
    pipelineMetrics(undefined, { ledger, level, isSpooling: true })();
    expect(ledger.snapshot().traces.created).toBe(100);
  });

  it('are those of a batching processor', async () => {
    const stop = processorMetrics(sdk.meter, { ledger, level });
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
    const stop = processorMetrics(sdk.meter, { ledger, level, signals: ['traces'] });
    expect(await values('otel.sdk.processor.span.processed')).toMatchObject({ '': 60 });
    expect(await sdk.metric('otel.sdk.processor.log.processed')).toBeUndefined();
    stop();
  });

  it('count dropped items, the spool and possible duplicates', async () => {
    const stop = pipelineMetrics(sdk.meter, { ledger, level, isSpooling: true });
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
    const breakers: () => readonly CollectorBreaker[] = () => [
      { signals: ['traces', 'logs'], serverAddress: 'one', serverPort: 4317, state: 'half-open' },
      { signals: ['metrics'], serverAddress: 'two', serverPort: 4318, state },
    ];
    const stop = pipelineMetrics(sdk.meter, { ledger, level, isSpooling: false, breakers });
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

  describe('at the level `basic`', () => {
    it('have a queue, and no count of what left it', async () => {
      const stop = processorMetrics(sdk.meter, { ledger, level: 'basic' });
      expect(await values('otel.sdk.processor.span.queue.size')).toEqual({ '': 30 });
      expect(await values('otel.sdk.processor.log.queue.size')).toEqual({ '': 4 });
      expect(await sdk.metric('otel.sdk.processor.span.processed')).toBeUndefined();
      stop();
    });

    it('have no count that never moved, and no spool where there is none', async () => {
      const stop = pipelineMetrics(sdk.meter, { ledger, level: 'basic', isSpooling: false });
      expect(await values('nestlens.otlp.dropped')).toMatchObject({ tracesqueue_full: 7 });
      expect(await values('nestlens.otlp.spooled')).toEqual({});
      expect(await values('nestlens.otlp.possible_duplicates')).toEqual({ traces: 2 });
      stop();
    });

    it('have a spool that holds nothing', async () => {
      const stop = pipelineMetrics(sdk.meter, { ledger, level: 'basic', isSpooling: true });
      expect(await values('nestlens.otlp.spooled')).toEqual({ traces: 6, metrics: 0, logs: 0 });
      stop();
    });

    it('show states that a breaker has been in, and 0 for those that it left', async () => {
      let state: CollectorBreaker['state'] = 'closed';
      const breakers: () => readonly CollectorBreaker[] = () => [
        { signals: ['traces'], serverAddress: 'one', serverPort: 4317, state },
      ];
      const stop = pipelineMetrics(sdk.meter, {
        ledger,
        level: 'basic',
        isSpooling: false,
        breakers,
      });
      async function states(): Promise<unknown> {
        const points = await sdk.points('nestlens.otlp.breaker');
        return Object.fromEntries(
          points.map(({ attributes, value }) => [attributes['nestlens.otlp.breaker.state'], value]),
        );
      }
      expect(await states()).toEqual({ closed: 1 });
      state = 'open';
      expect(await states()).toEqual({ closed: 0, open: 1 });
      state = 'closed';
      expect(await states()).toEqual({ closed: 1, open: 0 });
      stop();
    });
  });
});
