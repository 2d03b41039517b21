import { EventEmitter, once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { createOtlpReceiver } from './receiver.js';
import type { OtlpReceiver } from './receiver.js';
import type { ExportReply, OtlpReceiverOptions } from './receiver-options.js';

const HEAD = 'POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
const REQUEST = `${HEAD}Content-Length: 2\r\n\r\n{}`;

const opened: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

function accept(): ExportReply {
  return { kind: 'accepted' };
}

function receiverWith(options: Partial<OtlpReceiverOptions> = {}): OtlpReceiver {
  const receiver = createOtlpReceiver({ grpcPort: 0, httpPort: 0, onExport: accept, ...options });
  opened.push(receiver);
  return receiver;
}

async function client(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  opened.push({ close: () => socket.destroy() });
  await once(socket, 'connect');
  return socket;
}

function closed(socket: Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

async function statusLine(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString().split('\r\n', 1).join('');
}

async function httpCall(port: number): Promise<string> {
  const socket = await client(port);
  socket.write(REQUEST);
  return statusLine(socket);
}

/** The grpc-status of an empty export, or `cut` if there was none. */
function grpcCall(port: number): Promise<string> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  opened.push({ close: () => session.destroy() });
  const stream = session.request({
    ':method': 'POST',
    ':path': '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
    'content-type': 'application/grpc',
  });
  stream.resume();
  stream.end(Buffer.alloc(5));
  return new Promise((resolve) => {
    stream.on('trailers', (trailers) => resolve(String(trailers['grpc-status'])));
    stream.on('error', () => {});
    session.on('error', () => {});
    session.on('close', () => resolve('cut'));
  });
}

describe('createOtlpReceiver', () => {
  it('opens two free ports, once', async () => {
    const receiver = receiverWith();
    const started = receiver.start();
    expect(receiver.start()).toBe(started);
    const { grpcPort, httpPort } = await started;
    expect(grpcPort).toBeGreaterThan(0);
    expect(httpPort).toBeGreaterThan(0);
    expect(httpPort).not.toBe(grpcPort);
  });

  it('opens no port for a protocol that is off', async () => {
    const grpc = await receiverWith({ httpPort: false }).start();
    expect(grpc).toMatchObject({ httpPort: 0, grpcPort: expect.any(Number) });
    const http = await receiverWith({ grpcPort: false }).start();
    expect(http).toMatchObject({ grpcPort: 0, httpPort: expect.any(Number) });
  });

  it('rejects if a port is taken, and leaves the other one free', async () => {
    const { httpPort } = await receiverWith({ grpcPort: false }).start();
    const spare = await receiverWith({ httpPort: false }).start();
    await opened.at(-1)?.close();
    const second = receiverWith({ grpcPort: spare.grpcPort, httpPort });
    await expect(second.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const third = receiverWith({ grpcPort: spare.grpcPort, httpPort: false });
    await expect(third.start()).resolves.toMatchObject({ grpcPort: spare.grpcPort });
  });

  it('may be closed before the start and twice, and does not start again', async () => {
    const receiver = receiverWith();
    expect(receiver.close()).toBe(receiver.close());
    await receiver.close();
    await expect(receiver.start()).rejects.toThrow('the OTLP receiver is closed');
  });

  it('counts requests, bytes and connections', async () => {
    const receiver = receiverWith();
    const socket = await client((await receiver.start()).httpPort);
    socket.write(REQUEST);
    expect(await statusLine(socket)).toBe('HTTP/1.1 200 OK');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await statusLine(socket)).toBe('HTTP/1.1 404 Not Found');
    expect(receiver.stats()).toEqual({
      connections: 1,
      heldBytes: 0,
      receivedBytes: 2,
      accepted: 1,
      partial: 0,
      refused: 0,
      rejected: 1,
      failed: 0,
    });
  });

  it('closes the connection that was idle longest for a new one, and never a busy one', async () => {
    const waiting: ((reply: ExportReply) => void)[] = [];
    const receiver = receiverWith({
      limits: { maxConnections: 3 },
      onExport: () => new Promise((resolve) => waiting.push(resolve)),
    });
    const { httpPort } = await receiver.start();
    const busy = await client(httpPort);
    busy.write(REQUEST);
    const idle = [await client(httpPort), await client(httpPort)];
    const fourth = await client(httpPort);
    await closed(idle.at(0)!);
    const others = [idle.at(1)!, fourth];
    for (const each of others) each.write(REQUEST);
    while (waiting.length < 3) await new Promise((resolve) => setImmediate(resolve));
    // All three connections wait for an answer now, so the new one is closed.
    await closed(await client(httpPort));
    expect(receiver.stats().connections).toBe(3);
    for (const resolve of waiting) resolve({ kind: 'accepted' });
    for (const each of [busy, ...others]) expect(await statusLine(each)).toBe('HTTP/1.1 200 OK');
  });

  it.each(['http', 'grpc'] as const)(
    'answers a request in flight over %s when it closes',
    async (transport) => {
      const answers: ((reply: ExportReply) => void)[] = [];
      const asked = new EventEmitter();
      const receiver = receiverWith({
        onExport: () =>
          new Promise((settle) => {
            answers.push(settle);
            asked.emit('asked');
          }),
      });
      const { grpcPort, httpPort } = await receiver.start();
      const reached = once(asked, 'asked');
      const reply = transport === 'http' ? httpCall(httpPort) : grpcCall(grpcPort);
      await reached;
      const done = receiver.close();
      for (const answer of answers) answer({ kind: 'accepted' });
      expect(await reply).toBe(transport === 'http' ? 'HTTP/1.1 200 OK' : '0');
      await done;
      expect(receiver.stats()).toMatchObject({ accepted: 1, connections: 0 });
    },
  );

  it('ends everything at once if the signal has aborted, and leaves no open handle', async () => {
    function open(): string[] {
      return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'));
    }
    // The test runner and earlier specs have handles of their own.
    const before = open();
    const asked: (() => void)[] = [];
    const receiver = receiverWith({
      onExport: () => {
        asked.shift()?.();
        return new Promise(() => {});
      },
    });
    const { grpcPort, httpPort } = await receiver.start();
    const idle = await client(httpPort);
    const half = await client(httpPort);
    half.write(`${HEAD}Content-Length: 10\r\n\r\n{`);
    const silent = await client(grpcPort);
    const busy = await client(httpPort);
    const called = new Promise<void>((resolve) => asked.push(resolve));
    busy.write(REQUEST);
    await called;
    const reached = new Promise<void>((resolve) => asked.push(resolve));
    const call = grpcCall(grpcPort);
    await reached;
    expect(receiver.stats().connections).toBe(5);
    await receiver.close(AbortSignal.abort());
    expect(receiver.stats()).toMatchObject({ connections: 0 });
    await Promise.all([idle, half, silent, busy].map(closed));
    expect(await call).toBe('cut');
    await new Promise((resolve) => setImmediate(resolve));
    expect(open().length).toBeLessThanOrEqual(before.length);
  });
});
