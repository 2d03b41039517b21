import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExportRequest } from '../wire/model.js';
import { Collector } from './fixtures/collector.js';
import { deadEndpoint } from './fixtures/peers.js';
import { createTelemetry } from './fixtures/telemetry.js';
import { createPipeline } from './create-pipeline.js';
import type { Pipeline, PipelineStats } from './pipeline.js';
import type { PipelineOptions } from './pipeline-options.js';

const POISONS = 3;
const GOOD = 8;

function nameOf(request: ExportRequest): string {
  return request.signal === 'traces' ? (request.groups[0]?.scopes[0]?.items[0]?.name ?? '') : '';
}

/** A collector, or a proxy before it, may always ask for another attempt of one batch. */
describe('batches that a collector never accepts', () => {
  let collector: Collector;
  let asked: string[];
  let pipeline: Pipeline;
  let directory: string;

  function start(options: Partial<PipelineOptions> = {}): ReturnType<typeof createTelemetry> {
    pipeline = createPipeline({
      traces: { endpoint: collector.grpc },
      worker: false,
      sealAfterMs: 5,
      shutdownTimeoutMs: 200,
      ...options,
    });
    pipeline.start();
    return createTelemetry(pipeline);
  }
  function counts(): PipelineStats['ledger']['traces'] {
    return pipeline.stats().ledger.traces;
  }

  beforeEach(async () => {
    asked = [];
    directory = await mkdtemp(join(tmpdir(), 'nestlens-poison-'));
    collector = await new Collector((request) => {
      const name = nameOf(request);
      asked.push(name);
      return name.startsWith('poison')
        ? { kind: 'refused', code: 14, message: 'again' }
        : { kind: 'accepted' };
    }).start();
  });

  afterEach(async () => {
    await pipeline.shutdown();
    await collector.stop();
    await rm(directory, { recursive: true });
  });

  it.each(['memory', 'disk'])('do not delay others, in %s', async (kept) => {
    const { tracer } = start(kept === 'disk' ? { spool: { directory } } : {});
    async function sendsAlone(name: string): Promise<void> {
      tracer.startSpan(name).end();
      await collector.until(() => asked.includes(name));
    }
    for (let poison = 0; poison < POISONS; poison += 1) await sendsAlone(`poison ${poison}`);
    for (let good = 0; good < GOOD; good += 1) await sendsAlone(`good ${good}`);
    expect(new Set(collector.spans()).size).toBe(GOOD);
    const { created, accepted, queued, spooled, dropped } = counts();
    expect({ created, dropped }).toEqual({ created: POISONS + GOOD, dropped: {} });
    // The answer to the last request may still be on its way.
    expect(accepted).toBeGreaterThanOrEqual(GOOD - 1);
    expect(queued + spooled).toBeGreaterThanOrEqual(POISONS);
  });

  it('do not delay others that an earlier process left on disk', async () => {
    const spool = { directory, segmentBytes: 4096 };
    const dead = await deadEndpoint();
    async function left(name: string): Promise<void> {
      const { tracer } = start({ traces: { endpoint: dead }, spool });
      tracer.startSpan(name).end();
      await pipeline.shutdown();
    }
    await left('poison 0');
    for (let good = 0; good < GOOD; good += 1) await left(`good ${good}`);
    start({ spool });
    await collector.until(() => new Set(collector.spans()).size === GOOD);
    expect(asked).toContain('poison 0');
    // The answer to the last request may still be on its way.
    expect(counts().spooled + counts().queued).toBeLessThanOrEqual(2);
  });
});
