import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import type { Server } from 'node:tls';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import { resolveConfig } from '../options/resolve.js';
import type { OtlpOptions } from '../options/otel.options.js';
import { ENGINES } from '../options/fixtures/engines.js';
import { createEngine } from './engines.js';

const fixture = (name: string): string =>
  new URL(`../options/fixtures/${name}`, import.meta.url).pathname;
const pem = (name: string): Buffer => readFileSync(fixture(name));

const OTHER = readFileSync(
  new URL('../../../otlp/src/pool/fixtures/ca.pem', import.meta.url),
  'latin1',
);

const CA = { caFile: fixture('localhost.pem') };
const CLIENT = { certFile: fixture('localhost.pem'), keyFile: fixture('localhost-key.pem') };

describe.each(ENGINES)('the engine %s over TLS', (name) => {
  useLeakCheck();

  let collector: ScriptedOtlpServer;
  let front: Server;

  /**
   * A TLS server that forwards the decrypted bytes to `target`. It requires a client certificate if `asksClient` is
   * true.
   */
  const startFront = async (target: number, asksClient: boolean): Promise<number> => {
    front = createServer(
      {
        cert: pem('localhost.pem'),
        key: pem('localhost-key.pem'),
        ca: pem('localhost.pem'),
        requestCert: asksClient,
        rejectUnauthorized: asksClient,
        ALPNProtocols: ['h2', 'http/1.1'],
      },
      (socket) => {
        const inner = connect(target, '127.0.0.1');
        socket.pipe(inner).pipe(socket);
        for (const end of [socket, inner]) {
          // An end that breaks does not close the stream that it is piped to.
          end.on('error', () => end.destroy());
          end.on('close', () => {
            socket.destroy();
            inner.destroy();
          });
        }
      },
    );
    front.on('tlsClientError', () => {});
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    return (front.address() as AddressInfo).port;
  };

  const sendOne = async (otlp: OtlpOptions) => {
    const worker = name === 'nestlens' ? { worker: false } : {};
    const config = resolveConfig(
      { otlp: { engine: name, ...worker, ...otlp }, metrics: { exporters: ['none'] } },
      {},
    );
    const engine = await createEngine(config);
    const processor = engine.spanProcessor;
    if (processor === undefined) throw new Error('traces are on');
    const provider = new TracerProvider({ spanProcessors: [processor] });
    provider.getTracer('spec').startSpan('secured').end();
    await engine.shutdown(AbortSignal.timeout(2000));
    await provider.shutdown().catch(() => undefined);
    return engine.status().traces;
  };

  beforeEach(async () => {
    collector = await ScriptedOtlpServer.start();
  });
  afterEach(async () => {
    await collector.close();
    front.close();
  });

  const PROTOCOLS = ['grpc', 'http/protobuf', 'http/json'] as const;

  it.each(PROTOCOLS)(
    '%s trusts the CA from the options and presents the client certificate',
    async (protocol) => {
      const target = protocol === 'grpc' ? collector.grpcPort : collector.httpPort;
      const port = await startFront(target, true);
      const endpoint = `https://localhost:${port}`;
      const status = await sendOne({ protocol, endpoint, tls: { ...CA, ...CLIENT } });
      expect(status).toMatchObject({ accepted: 1, dropped: {} });
      expect(collector.spans().map((span) => span.name)).toEqual(['secured']);
    },
  );

  it.each(PROTOCOLS)('%s sends nothing to a server that it does not trust', async (protocol) => {
    const target = protocol === 'grpc' ? collector.grpcPort : collector.httpPort;
    const port = await startFront(target, false);
    const endpoint = `https://localhost:${port}`;
    const status = await sendOne({ protocol, endpoint, timeoutMs: 1000 });
    const reason = name === 'sdk' ? 'export_failed' : 'shutdown_deadline';
    expect(status).toMatchObject({ accepted: 0, dropped: { [reason]: 1 } });
    expect(status.last.outcome).toBe('failed');
    expect(collector.spans()).toEqual([]);
  });

  it('trusts a CA in a bundle of 5000 certificates with a bad one in the middle', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
    const bad = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const half = OTHER.repeat(2500);
    await writeFile(join(folder, 'ca.pem'), half + bad + half + pem('localhost.pem').toString());
    const port = await startFront(collector.grpcPort, false);
    const tls = { caFile: join(folder, 'ca.pem') };
    const status = await sendOne({ endpoint: `https://localhost:${port}`, tls });
    expect(status).toMatchObject({ accepted: 1, dropped: {} });
    await rm(folder, { recursive: true });
  });

  it('sends credentials and headers, and compresses with gzip', async () => {
    const port = await startFront(collector.grpcPort, false);
    await sendOne({
      endpoint: `https://localhost:${port}`,
      tls: CA,
      auth: { type: 'bearer', token: 'of-the-spec' },
      headers: { 'x-tenant': 'one' },
      compression: 'gzip',
    });
    expect(collector.requests()[0]?.headers).toMatchObject({
      authorization: 'Bearer of-the-spec',
      'x-tenant': 'one',
      'grpc-encoding': 'gzip',
    });
  });
});
