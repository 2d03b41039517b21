import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, ListenOptions, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Destination, EngineStatus, SignalStatus } from '../engine/engine.js';
import { otlpIndicator } from './otlp-indicator.js';

const { signal } = new AbortController();

const settled = (last: SignalStatus['last']): SignalStatus => ({
  accepted: 0,
  rejected: 0,
  dropped: {},
  queued: 0,
  spooled: 0,
  possibleDuplicates: 0,
  last,
});

const ACCEPTED = settled({ outcome: 'accepted', at: 1 });
const ALL_WELL: EngineStatus = { traces: ACCEPTED, metrics: ACCEPTED, logs: ACCEPTED };

const to = (...urls: string[]): Destination[] =>
  urls.map((url, index) => ({
    signal: index === 0 ? 'traces' : 'logs',
    protocol: 'grpc',
    url,
  }));

describe('otlpIndicator', () => {
  const servers: Server[] = [];
  let connections = 0;

  async function listen(options: ListenOptions): Promise<Server> {
    const server = createServer((socket) => {
      connections += 1;
      socket
        .on('error', () => {})
        .resume()
        .end();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(options, resolve));
    return server;
  }
  const urlOf = (server: Server): string =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  beforeEach(() => {
    connections = 0;
  });

  afterEach(async () => {
    await Promise.all(
      servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))),
    );
  });

  it('is up when every signal is accepted and every destination answers', async () => {
    const url = urlOf(await listen({ host: '127.0.0.1', port: 0 }));
    const indicator = otlpIndicator({ destinations: to(url, url), status: () => ALL_WELL });
    await expect(indicator.check(signal)).resolves.toEqual({
      state: 'up',
      detail: { traces: 'accepted', logs: 'accepted' },
    });
  });

  it('asks the proxy in place of a collector that only that reaches', async () => {
    const server = await listen({ host: '127.0.0.1', port: 0 });
    const proxy = urlOf(server);
    const destinations = to('https://collector.invalid').map((each) => ({ ...each, proxy }));
    const indicator = otlpIndicator({ destinations, status: () => ALL_WELL }, { recheckMs: 0 });
    await expect(indicator.check(signal)).resolves.toMatchObject({ state: 'up' });
    await new Promise((resolve) => server.close(resolve));
    await expect(indicator.check(signal)).resolves.toMatchObject({
      state: 'degraded',
      detail: { reason: expect.stringContaining(`${proxy}: `) },
    });
  });

  it('shows where the items of a signal are, as far as there are any', async () => {
    const url = urlOf(await listen({ host: '127.0.0.1', port: 0 }));
    const books = { accepted: 7, rejected: 1, queued: 3, spooled: 2, possibleDuplicates: 1 };
    const traces = { ...ACCEPTED, ...books, dropped: { queue_full: 4, too_large: 1 } };
    const status = (): EngineStatus => ({ ...ALL_WELL, traces });
    const finding = await otlpIndicator({ destinations: to(url), status }).check(signal);
    expect(finding.detail).toEqual({
      traces: 'accepted',
      'traces.accepted': 7,
      'traces.rejected': 1,
      'traces.queued': 3,
      'traces.spooled': 2,
      'traces.dropped': 5,
    });
  });

  it('connects once to each distinct destination, and not again for a while', async () => {
    const server = await listen({ host: '127.0.0.1', port: 0 });
    const url = urlOf(server);
    const indicator = otlpIndicator({ destinations: to(url, url), status: () => ALL_WELL });
    await Promise.all([indicator.check(signal), indicator.check(signal)]);
    await indicator.check(signal);
    expect(connections).toBe(1);
  });

  it('is degraded by a closed port, and up again when it opens', async () => {
    const server = await listen({ host: '127.0.0.1', port: 0 });
    const { port } = server.address() as AddressInfo;
    const url = urlOf(server);
    await new Promise((resolve) => server.close(resolve));
    const engine = { destinations: to(url), status: () => ALL_WELL };
    const indicator = otlpIndicator(engine, { recheckMs: 0 });
    await expect(indicator.check(signal)).resolves.toEqual({
      state: 'degraded',
      detail: { traces: 'accepted', reason: `${url}: connect ECONNREFUSED 127.0.0.1:${port}` },
    });
    await listen({ host: '127.0.0.1', port });
    await expect(indicator.check(signal)).resolves.toMatchObject({ state: 'up' });
  });

  it('is degraded by a failed export, and says why without credentials', async () => {
    const url = urlOf(await listen({ host: '127.0.0.1', port: 0 }));
    const last = { outcome: 'failed', at: 1, reason: 'UNAVAILABLE http://u:p@collector' } as const;
    const status = (): EngineStatus => ({ ...ALL_WELL, traces: settled(last) });
    const finding = await otlpIndicator({ destinations: to(url), status }).check(signal);
    expect(finding).toMatchObject({
      state: 'degraded',
      detail: { reason: 'traces failed: UNAVAILABLE http://***@collector' },
    });
  });

  it('reaches a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'otlp-'));
    const path = join(folder, 'collector.sock');
    await listen({ path });
    for (const url of [`unix://${path}`, `unix:${path}`]) {
      const indicator = otlpIndicator({ destinations: to(url), status: () => ALL_WELL });
      await expect(indicator.check(signal)).resolves.toMatchObject({ state: 'up' });
    }
    await rm(folder, { recursive: true });
  });

  it('tells of a destination that does not speak TLS, or is no URL', async () => {
    const plain = urlOf(await listen({ host: '127.0.0.1', port: 0 })).replace('http', 'https');
    const indicator = otlpIndicator({
      destinations: to(plain, 'nonsense'),
      status: () => ALL_WELL,
    });
    const finding = await indicator.check(signal);
    expect(finding.state).toBe('degraded');
    expect(finding.detail?.['reason']).toContain(`${plain}: `);
    expect(finding.detail?.['reason']).toContain('nonsense: Invalid URL');
  });

  it('gives up on a destination that never answers', async () => {
    const server = await listen({ host: '127.0.0.1', port: 0 });
    const url = urlOf(server).replace('http', 'https');
    server.removeAllListeners('connection');
    server.on('connection', (socket) => {
      socket.on('error', () => {}).resume();
    });
    const engine = { destinations: to(url), status: () => ALL_WELL };
    const finding = await otlpIndicator(engine, { connectMs: 20 }).check(signal);
    expect(finding.detail?.['reason']).toBe(`${url}: no connection within 20 ms`);
  });
});
