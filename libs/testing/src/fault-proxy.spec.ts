import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { FaultProxy } from './fault-proxy.js';
import type { ProxyFaults } from './fault-proxy.js';
import { useLeakCheck } from './leak-check.js';
import { ManualClock } from './manual-clock.js';
import { seededRandom } from './seeded-random.js';

const dial = async (port: number): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
};

/** Resolves with everything that the other side sends until it ends. */
const readAll = async (socket: Socket): Promise<Buffer[]> => {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  return chunks;
};

const roundTrip = async (port: number, text: string): Promise<{ chunks: Buffer[] }> => {
  const socket = await dial(port);
  socket.setNoDelay().end(text);
  return { chunks: await readAll(socket) };
};

/** Moves the clock to each timer that waits for it, until `work` has settled. */
const passing = async <T>(clock: ManualClock, work: Promise<T>): Promise<T> => {
  const settled = new AbortController();
  const settle = (): void => settled.abort();
  void work.then(settle, settle);
  while (!settled.signal.aborted) await clock.advance(clock.nextDelayMs ?? 0);
  return work;
};

describe('FaultProxy', () => {
  useLeakCheck();

  describe('in front of an echo server', () => {
    let echo: Server;
    let proxy: FaultProxy;
    let clock: ManualClock | undefined;
    const begin = async (faults: ProxyFaults = {}, seed = 1): Promise<void> => {
      proxy = await FaultProxy.start({
        target: { port: (echo.address() as AddressInfo).port },
        faults,
        seed,
        ...(clock && { clock }),
      });
    };
    beforeEach(async () => {
      clock = undefined;
      echo = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
        socket.on('error', () => {}).pipe(socket);
      }).listen(0, '127.0.0.1');
      await once(echo, 'listening');
    });
    afterEach(async () => {
      await proxy.close();
      await proxy.close();
      echo.close();
      await once(echo, 'close');
    });

    it('carries bytes in both directions, and the end of each', async () => {
      await begin();
      const text = 'x'.repeat(1_000_000);
      const { chunks } = await roundTrip(proxy.port, text);
      expect(Buffer.concat(chunks).toString()).toBe(text);
    });

    it('adds latency to each direction', async () => {
      clock = new ManualClock();
      await begin({ up: { latencyMs: 30 }, down: { latencyMs: 40 } });
      const { chunks } = await passing(clock, roundTrip(proxy.port, 'late'));
      expect(Buffer.concat(chunks).toString()).toBe('late');
      expect(clock.now()).toBe(70);
    });

    it('slices bytes and loses none', async () => {
      await begin({ up: { sliceBytes: 1 }, down: { sliceBytes: 3 } });
      const { chunks } = await roundTrip(proxy.port, 'sliced into pieces');
      expect(Buffer.concat(chunks).toString()).toBe('sliced into pieces');
    });

    it('limits the bandwidth of a connection', async () => {
      clock = new ManualClock();
      await begin({ down: { bytesPerSecond: 10_000 } });
      const { chunks } = await passing(clock, roundTrip(proxy.port, 'y'.repeat(2000)));
      expect(Buffer.concat(chunks)).toHaveLength(2000);
      expect(clock.now()).toBe(200);
    });

    it('limits the bandwidth of all connections together, and counts bytes to the target', async () => {
      clock = new ManualClock();
      await begin({ up: { linkBytesPerSecond: 200_000 } });
      const both = Promise.all([
        roundTrip(proxy.port, 'x'.repeat(30_000)),
        roundTrip(proxy.port, 'x'.repeat(30_000)),
      ]);
      await passing(clock, both);
      expect(proxy.carriedUp).toBe(60_000);
      // It may be more, if bytes came late and the link was idle.
      expect(clock.now()).toBeGreaterThanOrEqual(300);
    });

    it('carries nothing on connections that were open while it was a black hole', async () => {
      await begin({ blackHole: true });
      const lost = await dial(proxy.port);
      lost.write('lost');
      await once(echo, 'connection');
      proxy.set({});
      await expect(roundTrip(proxy.port, 'heard')).resolves.toMatchObject({
        chunks: [Buffer.from('heard')],
      });
      expect([lost.bytesRead, proxy.open, proxy.swallowed]).toEqual([0, 1, 1]);
      const failed = once(lost, 'error');
      proxy.reset();
      await expect(failed).resolves.toMatchObject([{ code: 'ECONNRESET' }]);
    });

    it('resets open connections and accepts new ones', async () => {
      await begin();
      const socket = await dial(proxy.port);
      socket.write('hello');
      await once(socket, 'data');
      const failed = once(socket, 'error');
      proxy.reset();
      await expect(failed).resolves.toMatchObject([{ code: 'ECONNRESET' }]);
      await expect(roundTrip(proxy.port, 'again')).resolves.toMatchObject({
        chunks: [Buffer.from('again')],
      });
      expect(proxy.accepted).toBe(2);
    });

    it('goes down and comes back on the same port', async () => {
      await begin();
      const { port } = proxy;
      await proxy.down();
      await expect(dial(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await proxy.up();
      await proxy.up();
      expect(proxy.port).toBe(port);
      await expect(roundTrip(port, 'back')).resolves.toMatchObject({
        chunks: [Buffer.from('back')],
      });
    });

    it('resets the same new connections for the same seed', async () => {
      const fates = async (): Promise<string> => {
        await begin({ resetRate: 0.5 }, 7);
        let seen = '';
        for (let i = 0; i < 8; i++) {
          const fate = await roundTrip(proxy.port, 'x').then(
            () => 'o',
            () => 'x',
          );
          seen += fate;
        }
        return seen;
      };
      const first = await fates();
      await proxy.close();
      expect(first).toMatch(/x.*o|o.*x/);
      await expect(fates()).resolves.toBe(first);
    });

    it('resets the client if the target cannot be reached', async () => {
      await begin();
      const { port } = echo.address() as AddressInfo;
      echo.close();
      await once(echo, 'close');
      const socket = await dial(proxy.port);
      await expect(once(socket, 'data')).rejects.toMatchObject({ code: 'ECONNRESET' });
      echo.listen(port, '127.0.0.1');
      await once(echo, 'listening');
    });
  });
});

describe('seededRandom', () => {
  it('repeats itself for a seed and spreads over [0, 1)', () => {
    const draw = (seed: number): number[] => Array.from({ length: 1000 }, seededRandom(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    const mean = draw(3).reduce((sum, one) => sum + one, 0) / 1000;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
  });
});
