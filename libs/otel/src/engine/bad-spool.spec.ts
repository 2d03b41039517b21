import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { ScriptedOtlpServer, useLeakCheck, patience } from '@nestlens/testing';
import { resolveConfig } from '../options/resolve.js';
import type { ExportEngine } from './engine.js';
import { createEngine } from './engines.js';
import { useTold } from './fixtures/told.js';

/** No process can make a directory here, not even root. */
const NOT_WRITABLE = '/proc/nestlens/spool';

describe('a spool of the engine nestlens', () => {
  useLeakCheck();
  const told = useTold();
  let server: ScriptedOtlpServer;

  const start = (directory: string): Promise<ExportEngine> => {
    const otlp = { endpoint: server.grpcUrl, spool: { directory }, worker: false };
    const config = resolveConfig({ otlp, metrics: { exporters: ['none'] } }, {});
    told.push(...config.warnings);
    return createEngine(config);
  };
  const send = async (engine: ExportEngine, name: string): Promise<void> => {
    const { spanProcessor } = engine;
    if (spanProcessor === undefined) throw new Error('traces are on');
    const provider = new TracerProvider({ spanProcessors: [spanProcessor] });
    provider.getTracer('spec').startSpan(name).end();
    await engine.flush(patience());
    await engine.shutdown(patience());
    await provider.shutdown();
  };

  beforeEach(async () => {
    server = await ScriptedOtlpServer.start();
  });
  afterEach(async () => {
    await server.close();
  });

  it('keeps telemetry in memory if the directory cannot be written, with one warning', async () => {
    await send(await start(NOT_WRITABLE), 'kept in memory');
    expect(server.spans().map(({ name }) => name)).toEqual(['kept in memory']);
    expect(told).toEqual([expect.stringContaining(`${NOT_WRITABLE} cannot be used`)]);
  });

  it('may share its directory with another app', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shared-spool-'));
    const engines = [await start(folder), await start(folder)];
    await Promise.all(engines.map((engine, index) => send(engine, `of ${index}`)));
    expect(
      server
        .spans()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['of 0', 'of 1']);
    expect(told).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });
});
