import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { pipelineMeter } from './pipeline-meter.js';

it('states the version that package.json of the pipeline has', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  pipelineMeter(provider).createCounter('any').add(1);
  await provider.forceFlush();
  const manifest = readFileSync(join(import.meta.dirname, '../../../otlp/package.json'), 'utf8');
  const { name, version } = JSON.parse(manifest) as { name: string; version: string };
  expect(exporter.getMetrics()[0]?.scopeMetrics[0]?.scope).toMatchObject({ name, version });
  await provider.shutdown();
});
