import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server, createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { patience, smallBatch } from '../transport/fixtures/batches.js';
import { likelyMistake } from './likely-mistake.js';
import type { Protocol } from '../wire/model.js';
import { resolvePipelineOptions } from './pipeline-options.js';
import type { FromWorker } from './worker-messages.js';
import { createExporters } from './stack.js';

function file(name: string): string {
  return fileURLToPath(new URL(`../pool/fixtures/${name}`, import.meta.url));
}
const secure = { cert: readFileSync(file('server.pem')), key: readFileSync(file('server.key')) };

const servers: Readonly<Record<string, () => Server>> = {
  'HTTP/1.1': () => createHttpServer() as Server,
  'HTTP/2': () => createHttp2Server() as unknown as Server,
  'HTTP/1.1 over TLS': () => createHttpsServer(secure) as unknown as Server,
  'HTTP/2 over TLS': () => createSecureServer(secure) as unknown as Server,
  'TLS without ALPN': () => createTlsServer(secure) as unknown as Server,
};

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function portOf(name: string): Promise<number> {
  const server = servers[name]!();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  server.on('sessionError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** The line that is logged when the breaker opens. */
async function lineOf(protocol: Protocol, endpoint: string, tls = {}): Promise<string> {
  const told: FromWorker[] = [];
  const traces = { protocol, endpoint, ...(endpoint.startsWith('https') && { tls }) };
  const { sending } = resolvePipelineOptions({ traces });
  const exporters = createExporters(sending, (message) => told.push(message));
  closing.push(() => exporters.all[0]!.sender.close());
  for (let failure = 1; failure <= 5; failure += 1) {
    await exporters.all[0]!.once.send(smallBatch(), patience());
  }
  const lines = told.flatMap((each) => (each.kind === 'warning' ? [each.message] : []));
  expect(lines).toHaveLength(1);
  return lines[0]!;
}

const ca = { caFile: file('ca.pem') };

describe('the log line of a destination that fails', () => {
  it.each([
    ['grpc', 'http', 'HTTP/1.1', 'For OTLP over HTTP set http/protobuf'],
    ['http/protobuf', 'http', 'HTTP/2', 'For OTLP over gRPC set grpc'],
    ['grpc', 'http', 'HTTP/2 over TLS', 'is this a port of TLS? Then write https://'],
    ['http/protobuf', 'http', 'HTTP/1.1 over TLS', 'is this a port of TLS? Then write https://'],
    ['grpc', 'https', 'HTTP/2', 'Where it does not, write http://'],
    ['http/json', 'https', 'HTTP/1.1', 'Where it does not, write http://'],
    ['grpc', 'https', 'HTTP/1.1 over TLS', 'gRPC needs HTTP/2'],
    ['grpc', 'https', 'TLS without ALPN', 'gRPC needs HTTP/2'],
  ] as const)(
    'names the mistake and the remedy (%s, %s to %s)',
    async (protocol, scheme, name, words) => {
      const port = await portOf(name);
      const line = await lineOf(protocol, `${scheme}://127.0.0.1:${port}/v1/traces`, ca);
      expect(line).toContain(words);
      expect(line).toMatch(/^traces cannot be sent to 127\.0\.0\.1:\d+: \w+ \(.+\); trying again$/);
    },
  );

  it('names the option for a CA that is not trusted', async () => {
    const port = await portOf('HTTP/2 over TLS');
    expect(await lineOf('grpc', `https://127.0.0.1:${port}`)).toContain('give it as tls.caFile');
  });
});

it.each([
  ['ERR_HTTP2_ERROR', 'grpc', 4318, '4318 is the port of OTLP over HTTP'],
  ['HPE_INVALID_CONSTANT', 'http/protobuf', 4317, '4317 is the port of OTLP over gRPC'],
  ['tls_expected', 'http/json', 4318, 'write https://'],
  ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'grpc', 443, 'HTTP/2'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'grpc', 443, 'tls.serverName'],
  ['CERT_HAS_EXPIRED', 'grpc', 443, 'renew'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'grpc', 443, 'tls.certFile'],
] as const)(
  'the likely mistake behind %s (%s, port %d) is named',
  (reason, protocol, port, words) => {
    const failing = { protocol, tls: port === 443, port, hasAnswered: false };
    expect(likelyMistake(reason, failing)).toContain(words);
  },
);

it('no mistake is named if the peer has answered before, or if nobody is there', () => {
  const failing = { protocol: 'grpc', tls: false, port: 4317, hasAnswered: true } as const;
  expect(likelyMistake('connection_closed', failing)).toBe('');
  expect(likelyMistake('ECONNREFUSED', { ...failing, hasAnswered: false })).toBe('');
});
