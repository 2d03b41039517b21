import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, ListenOptions, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Destination, EngineStatus, SignalStatus } from '../engine/engine.js';
import { signalStatus } from '../engine/fixtures/signal-status.js';
import { otlpIndicator } from './otlp-indicator.js';

const { signal } = new AbortController();

const settled = (last: SignalStatus['last']): SignalStatus => signalStatus({ last });

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

  const listen = async (options: ListenOptions): Promise<Server> => {
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
  };
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

  it('is up if every signal is accepted and every destination answers', async () => {
    const url = urlOf(await listen({ host: '127.0.0.1', port: 0 }));
    const indicator = otlpIndicator({ destinations: to(url, url), status: () => ALL_WELL });
    await expect(indicator.check(signal)).resolves.toEqual({
      state: 'up',
      detail: { traces: 'accepted', logs: 'accepted' },
    });
  });

  it('connects to the proxy instead of the collector if the destination has one', async () => {
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

  it('shows the counts of a signal that are not zero', async () => {
    const url = urlOf(await listen({ host: '127.0.0.1', port: 0 }));
    const counted = { accepted: 7, rejected: 1, queued: 3, spooled: 2, possibleDuplicates: 1 };
    const traces = { ...ACCEPTED, ...counted, dropped: { queue_full: 4, too_large: 1 } };
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

  it('connects once to each destination, and not again for a while', async () => {
    const server = await listen({ host: '127.0.0.1', port: 0 });
    const url = urlOf(server);
    const indicator = otlpIndicator({ destinations: to(url, url), status: () => ALL_WELL });
    await Promise.all([indicator.check(signal), indicator.check(signal)]);
    await indicator.check(signal);
    expect(connections).toBe(1);
  });

  it('is degraded if the port is closed, and up again when it opens', async () => {
    const server = await listen({ host: '127.0.0.1', port: 0 });
    const { port } = server.address() as AddressInfo;
    const url = urlOf(server);
    await new Promise((resolve) => server.close(resolve));
    const engine = { destinations: to(url), status: () => ALL_WELL };
    const indicator = otlpIndicator(engine, { recheckMs: 0 });
    await expect(indicator.check(signal)).resolves.toEqual({
      state: 'degraded',
      detail: {
        traces: 'accepted',
        reason: `${url}: connect ECONNREFUSED 127.0.0.1:${port}`,
        remedy: 'does it run? its address is otlp.endpoint or OTEL_EXPORTER_OTLP_ENDPOINT',
      },
    });
    await listen({ host: '127.0.0.1', port });
    await expect(indicator.check(signal)).resolves.toMatchObject({ state: 'up' });
  });

  describe('names URL, reason and remedy of a failed export', () => {
    const failed = (reason: string): SignalStatus => settled({ outcome: 'failed', at: 1, reason });
    const detailOf = async (protocol: Destination['protocol'], paths: string[], reason: string) => {
      const base = urlOf(await listen({ host: '127.0.0.1', port: 0 }));
      const destinations = to(...paths.map((path) => base + path)).map((each) => ({
        ...each,
        protocol,
      }));
      const all = failed(reason);
      const status = (): EngineStatus => ({ traces: all, metrics: all, logs: all });
      const finding = await otlpIndicator({ destinations, status }).check(signal);
      expect(finding.state).toBe('degraded');
      const text = JSON.stringify(finding.detail).replaceAll(base, 'http://collector');
      return JSON.parse(text) as Record<string, string>;
    };

    it('for one signal', async () => {
      expect(await detailOf('http/protobuf', ['/wrong/v1/traces'], '404')).toEqual({
        reason: 'traces failed: HTTP 404 at http://collector/wrong/v1/traces',
        remedy: 'is the path /wrong/v1/traces right?',
        traces: 'failed: HTTP 404 at http://collector/wrong/v1/traces',
      });
    });

    it('once for several signals with the same failure', async () => {
      const paths = ['/wrong/v1/traces', '/wrong/v1/logs'];
      expect(await detailOf('http/json', paths, '404')).toEqual({
        reason: 'traces, logs failed: HTTP 404 at http://collector/wrong/v1/<signal>',
        remedy: 'is the path /wrong/v1/<signal> right?',
        traces: 'failed: HTTP 404 at http://collector/wrong/v1/traces',
        logs: 'failed: HTTP 404 at http://collector/wrong/v1/logs',
      });
    });

    it.each([
      ['http/protobuf', '401', 'HTTP 401', 'credentials'],
      ['grpc', 'UNAUTHENTICATED', 'UNAUTHENTICATED', 'credentials'],
      ['grpc', 'UNIMPLEMENTED', 'UNIMPLEMENTED', 'this signal'],
      ['grpc', 'ERR_HTTP2_ERROR', 'ERR_HTTP2_ERROR', 'set http/protobuf'],
      ['http/json', 'CERT_HAS_EXPIRED', 'CERT_HAS_EXPIRED', 'renew'],
      ['grpc', 'timeout', 'timeout', 'otlp.timeoutMs'],
      ['http/json', '429', 'HTTP 429', 'sample'],
      ['http/json', '308', 'HTTP 308', 'otlp.endpoint'],
      ['http/json', 'headers', 'headers', 'otlp.headers'],
      ['http/json', 'proxy_407', 'proxy_407', 'NO_PROXY'],
      ['grpc', 'unheard_of', 'unheard_of', 'its own log'],
    ] as const)('over %s for the reason %s', async (protocol, reason, shown, remedy) => {
      const detail = await detailOf(protocol, ['/v1/traces'], reason);
      expect(detail['reason']).toBe(`traces failed: ${shown} at http://collector/v1/traces`);
      expect(detail['remedy']).toContain(remedy);
    });

    it('without credentials', async () => {
      const url = urlOf(await listen({ host: '127.0.0.1', port: 0 }));
      const status = (): EngineStatus => ({
        ...ALL_WELL,
        traces: failed('UNAVAILABLE http://u:p@collector'),
      });
      const destinations = to(url.replace('://', '://user:canary@'));
      const { detail } = await otlpIndicator({ destinations, status }).check(signal);
      expect(detail?.['reason']).toBe(
        `traces failed: UNAVAILABLE http://***@collector at ${url.replace('://', '://***@')}`,
      );
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

  it('reports a destination that does not speak TLS, and one that is no URL', async () => {
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

  it('stops waiting for a destination that never answers', async () => {
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
