import { spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { leakCheck, useLeakCheck } from './leak-check.js';
import type { Leftover } from './leak-check.js';

const portOf = (server: Server): number => (server.address() as { port: number }).port;
const types = (left: readonly Leftover[]) =>
  left.map((one) => (one.kind === 'resource' ? one.type : one.kind)).toSorted();

describe('leakCheck', () => {
  it('passes if nothing was opened', async () => {
    await expect(leakCheck().settled()).resolves.toBeUndefined();
  });

  it('names a server and both ends of a connection until they are closed', async () => {
    const check = leakCheck();
    const server = createServer().listen(0);
    await once(server, 'listening');
    const client = connect(portOf(server));
    const [[peer]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
      [Socket],
      unknown,
    ];
    expect(types(check.leftovers())).toEqual(['TCPSERVERWRAP', 'TCPWRAP', 'TCPWRAP']);
    expect(check.leftovers()).toContainEqual(
      expect.objectContaining({
        type: 'TCPSERVERWRAP',
        detail: expect.stringContaining(`:${portOf(server)}`),
        madeAt: [expect.stringContaining('libs/testing/src/leak-check.spec.ts')],
      }),
    );
    peer.destroy();
    client.destroy();
    server.close();
    await check.settled();
  });

  it('waits for resources that are closing', async () => {
    const check = leakCheck();
    const server = createHttpServer((_request, response) => response.end('ok')).listen(0);
    await once(server, 'listening');
    const response = await fetch(`http://127.0.0.1:${portOf(server)}`);
    await response.text();
    server.close();
    server.closeAllConnections();
    await check.settled();
    expect(server.listening).toBe(false);
  });

  it('finds worker threads', async () => {
    const check = leakCheck();
    const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
    await once(worker, 'online');
    expect(types(check.leftovers())).toContain('WORKER');
    await worker.terminate();
    await check.settled();
  });

  it('finds child processes and their pipes', async () => {
    const check = leakCheck();
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
    expect(types(check.leftovers())).toEqual(expect.arrayContaining(['PIPEWRAP', 'PROCESSWRAP']));
    child.stdin.end();
    await once(child, 'close');
    await check.settled();
  });

  it('finds only timers that keep the process alive', async () => {
    const check = leakCheck();
    const held = setInterval(() => {}, 60_000);
    const idle = setTimeout(() => {}, 60_000).unref();
    expect(types(check.leftovers())).toEqual(['Timeout']);
    clearInterval(held);
    await check.settled();
    clearTimeout(idle);
  });

  it('finds process listeners and diagnostics subscribers', async () => {
    const check = leakCheck();
    const listener = (): void => {};
    process.on('SIGTERM', listener);
    subscribe('http.server.request.start', listener);
    expect(check.leftovers()).toEqual([
      { kind: 'listeners', event: 'SIGTERM', more: 1 },
      { kind: 'subscribers', channel: 'http.server.request.start', more: 1 },
    ]);
    process.off('SIGTERM', listener);
    unsubscribe('http.server.request.start', listener);
    await check.settled();
  });

  it('ignores resources that were opened before', async () => {
    const before = createServer().listen(0);
    await once(before, 'listening');
    await expect(leakCheck().settled()).resolves.toBeUndefined();
    before.close();
    await once(before, 'close');
  });

  it('fails with the open resources and where they were made', async () => {
    const check = leakCheck();
    const timer = setTimeout(() => {}, 60_000);
    await expect(check.settled({ timeoutMs: 1 })).rejects.toMatchObject({
      code: 'ERR_LEAK',
      message: expect.stringMatching(
        /^still there after 1 ms:\n {2}- Timeout, made at .*leak-check\.spec\.ts:\d+/,
      ),
    });
    clearTimeout(timer);
  });

  it('ignores resources that `ignore` accepts', async () => {
    const timer = setTimeout(() => {}, 60_000);
    const check = leakCheck({ ignore: (one) => one.kind === 'resource' && one.type === 'Timeout' });
    const second = setTimeout(() => {}, 60_000);
    await expect(check.settled()).resolves.toBeUndefined();
    clearTimeout(timer);
    clearTimeout(second);
  });
});

describe('useLeakCheck', () => {
  useLeakCheck();

  it('runs around a suite', async () => {
    const server = createServer().listen(0);
    await once(server, 'listening');
    server.close();
    expect(server.listening).toBe(false);
  });
});
