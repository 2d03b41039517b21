import { once } from 'node:events';
import { createServer } from 'node:net';
import { span, spans } from '../fixtures/samples.js';
import { createLens, type Lens } from './lens.js';
import type { LensOptions } from './options.js';

const anyPort = { grpcPort: 0, httpPort: 0, apiPort: 0 };
const open: { close(): unknown }[] = [];

function lensOf(options: LensOptions = {}): Lens {
  const lens = createLens({ ...anyPort, ...options });
  open.push(lens);
  return lens;
}

async function occupied(): Promise<number> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  open.push(server);
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

describe('createLens', () => {
  it.each<[LensOptions, string]>([
    [{ host: '0.0.0.0' }, 'host is "0.0.0.0": the lens has no login'],
    [{ host: 'example.com' }, 'host is "example.com"'],
    [{ host: '' }, 'host is ""'],
    [{ apiPort: -1 }, 'apiPort is -1; write a whole number from 0 to 65535'],
    [{ grpcPort: 1.5 }, 'grpcPort is 1.5; write a whole number from 0 to 65535'],
    [{ httpPort: '80' as unknown as number }, 'httpPort is "80"; write a whole number'],
    [{ grpcPort: 4317, httpPort: 4317 }, 'must differ; write 0 for any free port'],
    [{ maxBytes: 1_000 }, 'maxBytes is 1000; write a whole number from 8388608'],
    [{ limits: { maxDepth: 0 } }, 'limits.maxDepth is 0; write a whole number from 1 to 64'],
    [{ port: 1 } as LensOptions, 'port is no option; write one of host, grpcPort'],
    [{ limits: { maxSize: 1 } as object }, 'limits.maxSize is no option'],
    [{ onError: 'log' as unknown as () => void }, 'onError must be a function'],
  ])('refuses %o', (options, message) => {
    expect(() => createLens({ ...anyPort, ...options })).toThrow(message);
  });

  it('lists all faults in one error', () => {
    function wrong() {
      return createLens({ host: '10.0.0.1', apiPort: 70_000, maxSpansPerTrace: 0 });
    }
    expect(wrong).toThrow(
      expect.objectContaining({
        name: 'LensError',
        code: 'lens_options',
        message: expect.stringMatching(
          /host is .*\n.*apiPort is 70000|apiPort is 70000.*[^]*host is/,
        ),
      }),
    );
  });

  it('refuses production without `allowProduction`', () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      expect(() => createLens(anyPort)).toThrow('write allowProduction: true');
      expect(createLens({ ...anyPort, allowProduction: true }).stats().bytes).toBe(0);
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });

  it.each(['127.0.0.1', 'localhost'])('listens on %s', async (host) => {
    const { apiUrl } = await lensOf({ host }).start();
    expect(await answers(`${apiUrl}/api/stats`)).toBe(true);
  });
});

describe('start and close', () => {
  it('may each be called twice at the same time', async () => {
    const lens = lensOf();
    expect(lens.stats().uptimeMs).toBe(0);
    const [first, second] = await Promise.all([lens.start(), lens.start()]);
    expect(first).toBe(second);
    expect(first.apiUrl).toBe(`http://127.0.0.1:${first.apiPort}`);
    await Promise.all([lens.close(), lens.close()]);
    expect(await answers(first.apiUrl)).toBe(false);
    await expect(lens.start()).rejects.toMatchObject({ code: 'lens_closed' });
  });

  it('work if close() comes before start() or during it', async () => {
    await lensOf().close();
    const lens = lensOf();
    const started = lens.start();
    await lens.close();
    expect(await answers((await started).apiUrl)).toBe(false);
  });

  it('let close() end at an aborted signal while a client reads', async () => {
    const lens = lensOf();
    const { apiUrl } = await lens.start();
    const response = await fetch(`${apiUrl}/api/live`);
    await lens.close(AbortSignal.abort());
    await response.text().catch(() => undefined);
    expect(lens.stats().liveClients).toBe(0);
    expect(await answers(apiUrl)).toBe(false);
  });

  it('allow a new, empty lens on the same ports', async () => {
    const before = lensOf();
    const { grpcPort, httpPort, apiPort } = await before.start();
    before.store.ingest(spans([span()]));
    await before.close();
    expect(before.stats().counts.traces.held).toBe(1);
    const after = lensOf({ grpcPort, httpPort, apiPort });
    expect(await after.start()).toMatchObject({ grpcPort, httpPort, apiPort });
    expect(after.stats().counts.traces.held).toBe(0);
  });

  it.each([
    ['grpcPort', 'LENS_GRPC_PORT'],
    ['httpPort', 'LENS_HTTP_PORT'],
    ['apiPort', 'LENS_API_PORT'],
  ] as const)(
    'let start() reject with the name of %s if its port is taken, and open no port',
    async (option, variable) => {
      const port = await occupied();
      const apiPort = option === 'apiPort' ? port : await free();
      const lens = lensOf({ apiPort, [option]: port });
      await expect(lens.start()).rejects.toMatchObject({
        code: 'lens_port_in_use',
        message: expect.stringContaining(`Port ${port} on 127.0.0.1 is in use (${option})`),
      });
      await expect(lens.start()).rejects.toMatchObject({
        message: expect.stringContaining(`the variable ${variable} (0 = any free port)`),
      });
      expect(await answers(`http://127.0.0.1:${apiPort}/api/stats`)).toBe(false);
    },
  );
});

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}

/** Returns a port that was free a moment ago. */
async function free(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
