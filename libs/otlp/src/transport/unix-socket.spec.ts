import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accept } from '../pool/fixtures/h2-peer.js';
import { patience, smallBatch } from './fixtures/batches.js';
import { createGrpcSender } from './grpc-sender.js';
import { createHttpSender } from './http-sender.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'otlp-'))));
afterEach(() => rm(folder, { recursive: true }));

it('gRPC sends through a Unix socket', async () => {
  const path = join(folder, 'grpc.sock');
  const server = createHttp2Server();
  const authorities: unknown[] = [];
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    authorities.push(headers[':authority']);
    accept(stream, headers);
  });
  server.listen(path);
  await once(server, 'listening');
  const sender = createGrpcSender({ endpoint: `unix:${path}` });
  expect(await sender.send(smallBatch(), patience())).toEqual({ kind: 'accepted' });
  expect(authorities).toEqual(['localhost']);
  await sender.close();
  await new Promise((resolve) => server.close(resolve));
});

it('OTLP/HTTP sends through a Unix socket', async () => {
  const path = join(folder, 'http.sock');
  const seen: unknown[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url, request.headers.host);
    request.resume().on('end', () => response.end());
  });
  server.listen(path);
  await once(server, 'listening');
  const sender = createHttpSender({ endpoint: `unix://${path}`, content: 'protobuf' });
  expect(await sender.send(smallBatch(), patience())).toEqual({ kind: 'accepted' });
  expect(seen).toEqual(['/v1/traces', 'localhost']);
  await sender.close();
  await new Promise((resolve) => server.close(resolve));
});

it('both protocols report a socket that does not exist', async () => {
  const endpoint = `unix:${join(folder, 'none.sock')}`;
  for (const sender of [
    createGrpcSender({ endpoint }),
    createHttpSender({ endpoint, content: 'json' }),
  ]) {
    expect(await sender.send(smallBatch(), patience())).toMatchObject({
      kind: 'retry',
      reason: 'ENOENT',
    });
    await sender.close();
  }
});
