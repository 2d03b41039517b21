import { youngOf } from '../export/groups.ts';
import { medianOf } from '../figures/statistics.ts';
import { Generator } from '../load/start-generator.ts';
import { Sink } from '../sink/start-sink.ts';
import { makeOwnHome } from '../subjects/home.ts';
import type { Home } from '../subjects/home.ts';
import { Server } from '../subjects/server.ts';
import { bare, ours, stockTracer } from '../subjects/subjects.ts';
import type { Adapter, Subject } from '../subjects/subjects.ts';

const WARM = 8000;
const SAMPLES = 5;
/** 5,800 to 6,400 when this was set. */
const MOST_BYTES = 7500;
const REQUESTS = 500;
const NOT_PINNED = { server: undefined, load: undefined, how: 'nothing pinned' };

/** Counts what a request allocates. `npm run bench -- http` measures what it costs. */
describe('a traced request', () => {
  let home: Home;
  let sink: Sink;
  let generator: Generator;

  beforeAll(async () => {
    home = makeOwnHome();
    sink = await Sink.start();
    generator = await Generator.start();
  });

  afterAll(async () => {
    await generator.stop();
    await sink.stop();
    home.remove();
  });

  /** Returns the bytes of the main thread's heap that a request takes, garbage included. */
  async function allocated(subject: Subject, adapter: Adapter): Promise<number> {
    const server = await Server.start({
      subject,
      adapter,
      ratio: 1,
      sink,
      ...home,
      cores: NOT_PINNED,
      // The young generation holds a whole sample: one in which something was collected does not count.
      flags: ['--expose-gc', ...youngOf(128)],
    });
    const send = (count: number) =>
      generator.closed({ port: server.port, connections: 8, count, traced: 0.5, sampled: 1 });
    try {
      await send(WARM);
      const samples: number[] = [];
      for (let sample = 0; sample < SAMPLES; sample += 1) {
        const before = await server.heap(true);
        await send(REQUESTS);
        const after = await server.heap(false);
        if (after.collections === 0) samples.push(after.usedBytes - before.usedBytes);
      }
      return medianOf(samples) / REQUESTS;
    } finally {
      await server.stop();
    }
  }

  it.each(['express', 'fastify'] as const)(
    'allocates few bytes more than a bare one on %s, and fewer than with the stock tracer',
    async (adapter) => {
      const without = await allocated(bare, adapter);
      const own = (await allocated(ours, adapter)) - without;
      const stock = (await allocated(stockTracer, adapter)) - without;
      expect(without).toBeGreaterThan(5000);
      expect(own).toBeLessThan(MOST_BYTES);
      // The same module with the tracer of the official SDK, which makes objects for the attributes of a span.
      expect(own / stock).toBeLessThan(0.75);
    },
  );
});
