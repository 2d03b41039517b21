import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import type { Server } from 'node:tls';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { ScriptedOtlpServer } from '@nestlens/testing';
import { resolveConfig } from '../options/resolve.js';
import type { OtlpOptions } from '../options/otel.options.js';
import { createSdkEngine } from './sdk-engine.js';

const fixture = (name: string): string =>
  new URL(`../options/fixtures/${name}`, import.meta.url).pathname;
const pem = (name: string): Buffer => readFileSync(fixture(name));

const CA = { caFile: fixture('localhost.pem') };
const CLIENT = { certFile: fixture('localhost.pem'), keyFile: fixture('localhost-key.pem') };

describe('the engine sdk over TLS', () => {
  let collector: ScriptedOtlpServer;
  let front: Server;

  /** Ends TLS and passes the bytes on; asks for a client certificate where told. */
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
          end.on('error', () => {
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
    const config = resolveConfig({ otlp, metrics: { exporters: ['none'] } }, {});
    const engine = createSdkEngine(config);
    const processor = engine.spanProcessor;
    if (processor === undefined) throw new Error('traces are on');
    const provider = new TracerProvider({ spanProcessors: [processor] });
    provider.getTracer('spec').startSpan('secured').end();
    await provider.shutdown().catch(() => undefined);
    await engine.logRecordProcessor?.shutdown();
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
    '%s trusts the CA it is given, and shows its certificate',
    async (protocol) => {
      const target = protocol === 'grpc' ? collector.grpcPort : collector.httpPort;
      const port = await startFront(target, true);
      const endpoint = `https://localhost:${port}`;
      const status = await sendOne({ protocol, endpoint, tls: { ...CA, ...CLIENT } });
      expect(status).toMatchObject({ accepted: 1, dropped: {} });
      expect(collector.spans().map((span) => span.name)).toEqual(['secured']);
    },
  );

  it.each(PROTOCOLS)('%s sends nothing where trust is missing', async (protocol) => {
    const target = protocol === 'grpc' ? collector.grpcPort : collector.httpPort;
    const port = await startFront(target, false);
    const endpoint = `https://localhost:${port}`;
    const status = await sendOne({ protocol, endpoint, timeoutMs: 1000 });
    expect(status).toMatchObject({ accepted: 0, dropped: { export_failed: 1 } });
    expect(status.last.outcome).toBe('failed');
    expect(collector.spans()).toEqual([]);
  });

  it('sends credentials and gzip', async () => {
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
