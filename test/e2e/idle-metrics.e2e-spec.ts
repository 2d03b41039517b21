import { Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OtelModule } from '@nestlens/otel';
import type { MetricsOptions } from '@nestlens/otel';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import { metrics } from '@opentelemetry/api';
import { read } from '../house/tree.js';

/** Series that an idle service may export. */
const MOST_SERIES = 60;

useLeakCheck();

/** Every name in backticks, with each of its alternatives. */
const documented = (page: string): ReadonlySet<string> => {
  const expanded = (name: string): readonly string[] => {
    const [, before = '', inside = '', after = ''] = /^(.*?)\{(.*?)\}(.*)$/.exec(name) ?? [];
    if (inside === '') return [name];
    return inside.split(',').flatMap((part) => expanded(`${before}${part}${after}`));
  };
  const names = [...read(page).matchAll(/`([a-z][\w.{},]+)`/g)].map(([, name = '']) => name);
  return new Set(names.flatMap(expanded));
};

describe('the metrics of an idle service', () => {
  let server: ScriptedOtlpServer;
  let app: INestApplication | undefined;

  /** Starts an app, and collects often enough for each part to have been active. */
  const seriesOf = async (options: MetricsOptions): Promise<ReadonlyMap<string, number>> => {
    @Module({
      imports: [
        OtelModule.forRoot({
          otlp: { endpoint: server.grpcUrl },
          metrics: options,
          diagnostics: { startupReport: false },
        }),
      ],
    })
    class AppModule {}
    app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    const provider = metrics.getMeterProvider() as unknown as { forceFlush(): Promise<void> };
    for (let collection = 0; collection < 3; collection++) await provider.forceFlush();
    const series = new Map<string, Set<string>>();
    for (const { name, data } of server.metrics()) {
      const found = series.get(name) ?? new Set();
      series.set(name, found);
      for (const { attributes } of data.points) found.add(JSON.stringify(attributes));
    }
    return new Map([...series].map(([name, found]) => [name, found.size]));
  };
  const sum = (series: ReadonlyMap<string, number>): number =>
    [...series.values()].reduce((all, count) => all + count, 0);

  beforeEach(async () => {
    server = await ScriptedOtlpServer.start();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await server.close();
  });

  it('are few, and each is documented', async () => {
    const series = await seriesOf({});
    expect(sum(series)).toBeLessThanOrEqual(MOST_SERIES);
    expect([...series.keys()]).toEqual(
      expect.arrayContaining([
        'nodejs.eventloop.utilization',
        'v8js.memory.heap.used',
        'otel.sdk.processor.span.queue.size',
        'otel.sdk.exporter.metric_data_point.exported',
        'nestlens.otlp.breaker',
      ]),
    );
    const known = documented('docs/pipeline.md');
    expect([...series.keys()].filter((name) => !known.has(name))).toEqual([]);
  });

  it('are all there at the level `detailed`, and documented too', async () => {
    const series = await seriesOf({ self: 'detailed' });
    expect([...series.keys()]).toEqual(
      expect.arrayContaining([
        'nestlens.otlp.left_out',
        'nestlens.otlp.possible_duplicates',
        'nestlens.otlp.spooled',
        'nestlens.telemetry.silent',
        'otel.sdk.exporter.metric_data_point.inflight',
        'otel.sdk.exporter.operation.duration',
        'otel.sdk.processor.span.processed',
        'otel.sdk.span.live',
      ]),
    );
    expect(series.get('nestlens.otlp.breaker')).toBe(9);
    const known = documented('docs/pipeline.md');
    expect([...series.keys()].filter((name) => !known.has(name))).toEqual([]);
  });

  it('are those of the runtime alone where the export measures nothing of itself', async () => {
    const names = [...(await seriesOf({ self: 'off' })).keys()];
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !/^(nodejs|v8js)\./.test(name))).toEqual([]);
  });
});
