import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { patience, smallBatch } from './fixtures/batches.js';
import { createHttpSender } from './http-sender.js';
import type { Transport } from './sender-options.js';

const KEPT = 5;

describe('kept HTTP connections', () => {
  const sockets = new Set<Socket>();
  /** Connections on which the server no longer answers. */
  const dead = new Set<Socket>();
  let server: Server;
  let sender: Transport;

  beforeEach(async () => {
    server = createServer((request, response) => {
      sockets.add(request.socket);
      request.resume().on('end', () => {
        if (!dead.has(request.socket)) response.end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${port}`;
    sender = createHttpSender({ endpoint, content: 'protobuf', proxy: false });
  });
  afterEach(async () => {
    await sender.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    for (const each of [sockets, dead]) each.clear();
  });

  it('that all became silent together cost one attempt, not one each', async () => {
    const sent = Array.from({ length: KEPT }, () => sender.send(smallBatch(), patience()));
    expect(await Promise.all(sent)).toEqual(Array(KEPT).fill({ kind: 'accepted' }));
    for (const socket of sockets) dead.add(socket);
    const asked = once(server, 'request');
    const deadline = new AbortController();
    const lost = sender.send(smallBatch(), deadline.signal);
    await asked;
    deadline.abort();
    expect(await lost).toEqual({ kind: 'retry', reason: 'aborted' });
    expect(await sender.send(smallBatch(), patience())).toEqual({ kind: 'accepted' });
    expect(sockets.size).toBe(KEPT + 1);
  });
});
