import type { AddressInfo, Socket } from 'node:net';
import { startSilentServer } from '../pool/fixtures/silent-server.js';
import { beginTrail, type Trail } from '../send/trail.js';
import { patience, smallBatch } from './fixtures/batches.js';
import { createGrpcSender } from './grpc-sender.js';
import { createHttpSender } from './http-sender.js';
import type { SenderOptions, Transport } from './sender-options.js';

function grpcTo(options: SenderOptions): Transport {
  return createGrpcSender(options);
}
function httpTo(options: SenderOptions): Transport {
  return createHttpSender({ ...options, content: 'protobuf', proxy: false });
}

let closing: (() => Promise<unknown>)[];
beforeEach(() => (closing = []));
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
});

async function startServer(onSocket: (socket: Socket) => void): Promise<number> {
  const { server, close } = await startSilentServer(onSocket);
  closing.push(close);
  return (server.address() as AddressInfo).port;
}

/** Makes one attempt. Its trail says whether it sent nothing, so that a second attempt makes no duplicate. */
async function attempt(sender: Transport, signal = patience()): Promise<Trail> {
  closing.push(() => sender.close());
  const batch = smallBatch();
  const trail = beginTrail();
  expect(await sender.send(batch, signal, trail)).toMatchObject({ kind: 'retry' });
  return trail;
}

describe.each([
  ['gRPC', grpcTo],
  ['OTLP/HTTP', httpTo],
] as const)('an attempt over %s', (_protocol, senderTo) => {
  it('sent nothing if the server refused the connection or closed it in the handshake', async () => {
    const gone = await startServer(() => {});
    await closing.pop()?.();
    expect(await attempt(senderTo({ endpoint: `http://127.0.0.1:${gone}` }))).toMatchObject({
      unsent: true,
    });
    const rude = await startServer((socket) => socket.once('data', () => socket.destroy()));
    expect(await attempt(senderTo({ endpoint: `https://127.0.0.1:${rude}` }))).toMatchObject({
      unsent: true,
    });
  });

  it('sent nothing if its time ended while it waited for a connection', async () => {
    const deadline = new AbortController();
    const silent = await startServer(() => setImmediate(() => deadline.abort()));
    const sender = senderTo({ endpoint: `https://127.0.0.1:${silent}` });
    expect(await attempt(sender, deadline.signal)).toMatchObject({ unsent: true });
  });

  it('sent nothing if the header function failed', async () => {
    const port = await startServer(() => {});
    function headers(): never {
      throw new Error('no token');
    }
    const sender = senderTo({ endpoint: `http://127.0.0.1:${port}`, headers });
    expect(await attempt(sender)).toMatchObject({ unsent: true });
  });
});

it('an attempt whose connection closed during the request may have sent something', async () => {
  const port = await startServer((socket) => socket.once('data', () => socket.destroy()));
  const trail = await attempt(httpTo({ endpoint: `http://127.0.0.1:${port}` }));
  expect(trail).toMatchObject({ unsent: false });
});
