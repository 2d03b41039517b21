import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import { createServer as createPlainServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecureServerOptions } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { certificate, pem } from '../pool/fixtures/certificates.js';
import { accept, startH2Peer } from '../pool/fixtures/h2-peer.js';
import { ManualClock } from '../send/fixtures/manual-clock.js';
import type { TlsOptions } from '../pool/tls-material.js';
import type { Outcome } from '../send/outcome.js';
import { systemClock } from '../send/sender.js';
import type { Clock } from '../send/sender.js';
import { patience, smallBatch } from './fixtures/batches.js';
import type { Transport } from './sender-options.js';
import { createGrpcSender } from './grpc-sender.js';
import { createHttpSender } from './http-sender.js';
import { asksForTls } from './verdict.js';

/** A TLS server of one of the two protocols. It records the clients that connect. */
interface Peer {
  readonly url: string;
  readonly clients: unknown[];
}

let closing: (() => Promise<unknown>)[];
beforeEach(() => (closing = []));
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
});

function nameOf(socket: unknown): unknown {
  return (socket as TLSSocket).getPeerCertificate()?.subject?.CN;
}

async function startGrpc(tls: SecureServerOptions): Promise<Peer> {
  const clients: Peer['clients'] = [];
  const peer = await startH2Peer(accept, { tls });
  peer.server.on('secureConnection', (socket: TLSSocket) => clients.push(nameOf(socket)));
  closing.push(() => peer.close());
  return { url: peer.url, clients };
}

async function startHttp(tls: SecureServerOptions): Promise<Peer> {
  const clients: Peer['clients'] = [];
  const server = createServer(tls, (request, response) => {
    clients.push(nameOf(request.socket));
    request.resume().on('end', () => response.end());
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, clients };
}

function grpcTo(endpoint: string, tls?: TlsOptions, clock: Clock = systemClock): Transport {
  return createGrpcSender({ endpoint, clock, ...(tls && { tls }) });
}
function httpTo(endpoint: string, tls?: TlsOptions, clock: Clock = systemClock): Transport {
  return createHttpSender({
    endpoint,
    clock,
    content: 'protobuf',
    proxy: false,
    ...(tls && { tls }),
  });
}

const CA = certificate('ca.pem');

describe.each([
  ['gRPC', startGrpc, grpcTo],
  ['OTLP/HTTP', startHttp, httpTo],
] as const)('%s', (_protocol, start, senderTo) => {
  function server(cert: string, options: SecureServerOptions = {}): Promise<Peer> {
    return start({ cert: pem(cert), key: pem('server.key'), ...options });
  }

  async function send(endpoint: string, tls?: TlsOptions): Promise<Outcome> {
    const sender = senderTo(endpoint, tls);
    try {
      return await sender.send(smallBatch(), patience());
    } finally {
      await sender.close();
    }
  }

  it('sends to a collector whose certificate the given CA signed', async () => {
    const peer = await server('server.pem');
    expect(await send(peer.url, { caFile: CA })).toEqual({ kind: 'accepted' });
  });

  it.each([
    ['expired.pem', { caFile: CA }, 'CERT_HAS_EXPIRED'],
    ['not-yet-valid.pem', { caFile: CA }, 'CERT_NOT_YET_VALID'],
    ['wrong-host.pem', { caFile: CA }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['other-server.pem', { caFile: CA }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['server.pem', undefined, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('reports why it does not trust %s (TLS options: %p)', async (cert, tls, reason) => {
    const peer = await server(cert);
    expect(await send(peer.url, tls)).toMatchObject({ kind: 'retry', reason });
  });

  it('checks the certificate against the given server name', async () => {
    const peer = await server('wrong-host.pem');
    const tls = { caFile: CA, serverName: 'other.test' };
    expect(await send(peer.url, tls)).toEqual({ kind: 'accepted' });
  });

  it('refuses TLS below 1.2, and TLS 1.2 when the options ask for 1.3', async () => {
    const old = await server('server.pem', {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    expect(await send(old.url, { caFile: CA })).toMatchObject({
      kind: 'retry',
      reason: expect.stringMatching(/^ERR_SSL_/) as unknown,
    });
    const peer = await server('server.pem', { maxVersion: 'TLSv1.2' });
    expect(await send(peer.url, { caFile: CA })).toEqual({ kind: 'accepted' });
    expect(await send(peer.url, { caFile: CA, minVersion: 'TLSv1.3' })).toMatchObject({
      kind: 'retry',
      reason: expect.stringMatching(/^ERR_SSL_/) as unknown,
    });
  });

  it('tries again later when only one of the two sides uses TLS', async () => {
    const plain = createPlainServer((socket) => {
      socket.on('error', () => {});
      closing.push(async () => socket.destroy());
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    closing.push(() => new Promise((resolve) => plain.close(resolve)));
    const port = (plain.address() as AddressInfo).port;
    expect(await send(`https://127.0.0.1:${port}`)).toMatchObject({
      kind: 'retry',
      reason: expect.stringMatching(/^ERR_SSL_/) as unknown,
    });
    const peer = await server('server.pem');
    const outcome = await send(peer.url.replace('https', 'http'));
    expect(outcome).toMatchObject({ kind: 'retry' });
  });

  describe('with client certificates', () => {
    function mutual(): Promise<Peer> {
      return server('server.pem', {
        ca: pem('ca.pem'),
        requestCert: true,
        rejectUnauthorized: true,
      });
    }
    const client = { caFile: CA, certFile: certificate('client.pem') };

    it('sends the given certificate, also with an encrypted key', async () => {
      const peer = await mutual();
      const plain = { ...client, keyFile: certificate('client.key') };
      expect(await send(peer.url, plain)).toEqual({ kind: 'accepted' });
      const keyFile = certificate('client-encrypted.key');
      const encrypted = { ...client, keyFile, passphrase: 'canary-passphrase' };
      expect(await send(peer.url, encrypted)).toEqual({ kind: 'accepted' });
      expect(peer.clients).toEqual(['orders', 'orders']);
    });

    it('tries again later when the collector gets no certificate, or an expired one', async () => {
      const peer = await mutual();
      const alert = expect.stringMatching(/^ERR_SSL_|^ECONNRESET$|^EPIPE$/) as unknown;
      expect(await send(peer.url, { caFile: CA })).toMatchObject({ kind: 'retry', reason: alert });
      // Node's servers close the connection without an alert.
      const reason = expect.stringMatching(/^connection_closed$|^ECONNRESET$|^EPIPE$/) as unknown;
      const expired = {
        caFile: CA,
        certFile: certificate('client-expired.pem'),
        keyFile: certificate('client.key'),
      };
      expect(await send(peer.url, expired)).toMatchObject({ kind: 'retry', reason });
      expect(peer.clients).toEqual([]);
    });

    it('uses a renewed certificate without a restart', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tls-'));
      closing.push(() => rm(folder, { recursive: true }));
      const certFile = join(folder, 'tls.crt');
      const keyFile = join(folder, 'tls.key');
      await copyFile(certificate('client.pem'), certFile);
      await copyFile(certificate('client.key'), keyFile);
      const peer = await mutual();
      const clock = new ManualClock();
      const sender = senderTo(peer.url, { caFile: CA, certFile, keyFile }, clock);
      closing.push(() => sender.close());
      expect(sender.certificateExpiresAt).toBe(Date.parse('2124-01-01T00:00:00Z'));
      await sender.send(smallBatch(), patience());
      await copyFile(certificate('client-next.key'), `${keyFile}.new`);
      await rename(`${keyFile}.new`, keyFile);
      clock.advanceAtOnce(10_000);
      expect(await sender.send(smallBatch(), patience())).toEqual({ kind: 'accepted' });
      await copyFile(certificate('client-next.pem'), `${certFile}.new`);
      await rename(`${certFile}.new`, certFile);
      while (!peer.clients.includes('orders-next')) {
        clock.advanceAtOnce(10_000);
        expect(await sender.send(smallBatch(), patience())).toEqual({ kind: 'accepted' });
      }
      expect(peer.clients.at(-1)).toBe('orders-next');
      expect(new Set(peer.clients.slice(0, -1))).toEqual(new Set(['orders']));
    });
  });
});

it('refuses TLS files for a URL that is not https://', () => {
  for (const senderTo of [grpcTo, httpTo]) {
    expect(() => senderTo('http://127.0.0.1', { caFile: CA })).toThrow(
      expect.objectContaining({ code: 'tls' }),
    );
  }
});

it('says that the collector does not speak HTTP/2', async () => {
  const peer = await startHttp({ cert: pem('server.pem'), key: pem('server.key') });
  const sender = grpcTo(peer.url, { caFile: CA });
  expect(await sender.send(smallBatch(), patience())).toMatchObject({
    kind: 'retry',
    reason: expect.stringMatching(/^alpn$|ALPN|NO_APPLICATION_PROTOCOL/) as unknown,
  });
  await sender.close();
});

it('recognizes the replies in which servers ask for TLS, and no other replies', () => {
  const go = 'Client sent an HTTP request to an HTTPS server.';
  const nginx = '<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>';
  expect([go, nginx].map((text) => asksForTls(400, text))).toEqual([true, true]);
  const others = ['', 'Bad Request', 'an HTTP request to the HTTPS gateway failed'];
  expect(others.map((text) => asksForTls(400, text))).toEqual([false, false, false]);
  expect(asksForTls(403, go)).toBe(false);
});
