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

/** Whether an attempt reports that it sent nothing, so that a second one is no duplicate. */
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
  it('that nobody accepted, or that has no handshake, left nothing', async () => {
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

  it('whose time was up while it waited for a connection left nothing', async () => {
    const deadline = new AbortController();
    const silent = await startServer(() => setImmediate(() => deadline.abort()));
    const sender = senderTo({ endpoint: `https://127.0.0.1:${silent}` });
    expect(await attempt(sender, deadline.signal)).toMatchObject({ unsent: true });
  });

  it('without its headers left nothing', async () => {
    const port = await startServer(() => {});
    function headers(): never {
      throw new Error('no token');
    }
    const sender = senderTo({ endpoint: `http://127.0.0.1:${port}`, headers });
    expect(await attempt(sender)).toMatchObject({ unsent: true });
  });
});

it('a request that was cut off may have arrived', async () => {
  const port = await startServer((socket) => socket.once('data', () => socket.destroy()));
  const trail = await attempt(httpTo({ endpoint: `http://127.0.0.1:${port}` }));
  expect(trail).toMatchObject({ unsent: false });
});
