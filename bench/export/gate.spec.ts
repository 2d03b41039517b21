import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { createSpanEncoder } from '../../libs/otlp/src/encode/item-encoder.js';
import { slabEncode } from '../../libs/otlp/src/pipeline/slab-encode.js';
import { allocateSlabs } from '../../libs/otlp/src/slab/memory.js';
import { SlabPool } from '../../libs/otlp/src/slab/slab-pool.js';
import { SlabReader } from '../../libs/otlp/src/slab/slab-reader.js';
import { SlabWriter } from '../../libs/otlp/src/slab/slab-writer.js';
import { Sink } from '../sink/start-sink.ts';
import { youngOf } from './groups.ts';
import { runTrial } from './processes.ts';
import { checkDelivery } from './rounds.ts';
import type { Measured, TrialKind } from './trial.ts';
import { readySpans } from './workload.ts';

const FRESH = 3;

/**
 * Checks counts and ratios whose bounds leave room for slower machines. `npm run bench -- export` measures the
 * other figures.
 */
describe('the export pipeline', () => {
  let collector: Sink;

  beforeAll(async () => {
    collector = await Sink.start();
  });

  afterAll(() => collector.stop());

  // Each trial runs in a process of its own, because access to globals is slow inside Jest.
  const trial = (kind: TrialKind): Promise<Measured> =>
    runTrial(
      {
        kind,
        name: 'inline',
        endpoint: `http://127.0.0.1:${collector.grpcPort}`,
        compression: 'identity',
        fresh: FRESH,
        roundTripMs: 0,
        profile: false,
      },
      {
        flags: ['--expose-gc', ...youngOf(128)],
        profileDirectory: undefined,
        hold: () => Promise.resolve(),
      },
    );

  it('allocates at most 70 bytes per span from its end to its acknowledgement', async () => {
    const { heapBytes, samples } = await trial('allocation');
    expect(samples).toBeGreaterThan(0);
    expect(heapBytes).toBeLessThan(70);
  });

  it('sends no more bytes per span than the official exporter', async () => {
    const options = {
      collector,
      trials: 1,
      fresh: FRESH,
      profileDirectory: undefined,
      progress: () => {},
    };
    const [ours, official] = [
      await checkDelivery({ name: 'ours', subject: 'ours', compression: 'identity' }, options),
      await checkDelivery(
        { name: 'official', subject: 'official', compression: 'identity' },
        options,
      ),
    ];
    expect(ours / official).toBeLessThanOrEqual(1.01);
  });

  it('encodes in less than 0.3 of the time that the official serializer takes', async () => {
    const { ratio } = await trial('encoding');
    expect(ratio).toBeLessThan(0.3);
  });

  it('makes a span in less than 0.6 of the time and heap of the stock tracer', async () => {
    const { ratio, unsampledRatio, heapRatio } = await trial('tracing');
    expect(ratio).toBeLessThan(0.6);
    expect(unsampledRatio).toBeLessThan(0.3);
    expect(heapRatio).toBeLessThan(0.6);
  });

  it('wakes the reader at most once for each slab', () => {
    const pool = new SlabPool(allocateSlabs());
    const writer = new SlabWriter(pool, { onDrop: () => {} });
    const reader = new SlabReader(pool);
    const encode = slabEncode<ReadableSpan>(createSpanEncoder());
    const before = reader.bell();
    for (const span of readySpans(FRESH)) {
      writer.append('traces', encode, span);
      reader.sealIdle();
    }
    expect(pool.used()).toBeGreaterThan(10);
    expect(reader.bell() - before).toBeLessThanOrEqual(pool.used());
  });
});
