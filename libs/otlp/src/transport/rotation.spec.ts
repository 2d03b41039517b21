import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import type { ServerHttp2Stream } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificate, pem } from '../pool/fixtures/certificates.js';
import { accept, answer, startH2Peer } from '../pool/fixtures/h2-peer.js';
import type { H2Peer } from '../pool/fixtures/h2-peer.js';
import { ManualClock } from '../send/fixtures/manual-clock.js';
import { until } from '../pool/fixtures/until.js';
import type { Outcome } from '../send/outcome.js';
import { patience, smallBatch } from './fixtures/batches.js';
import { createGrpcSender } from './grpc-sender.js';
import type { GrpcSender } from './grpc-sender.js';

const CHECK_MS = 10_000;

describe('certificates that change while requests wait', () => {
  const held: ServerHttp2Stream[] = [];
  let folder: string;
  let clock: ManualClock;
  let peer: H2Peer;
  let sender: GrpcSender;

  function send(): Promise<Outcome> {
    return sender.send(smallBatch(), patience());
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tls-'));
    await copyFile(certificate('ca.pem'), join(folder, 'ca.pem'));
    clock = new ManualClock();
    peer = await startH2Peer((stream) => held.push(stream.resume()), {
      tls: { cert: pem('server.pem'), key: pem('server.key') },
      settings: { maxConcurrentStreams: 1 },
    });
    sender = createGrpcSender({
      endpoint: peer.url,
      clock,
      tls: { caFile: join(folder, 'ca.pem') },
      pool: { sessions: 1, keepaliveMs: 1e6 },
    });
  });
  afterEach(async () => {
    held.length = 0;
    await sender.close();
    await peer.close();
    await rm(folder, { recursive: true });
  });

  it('let requests in flight finish, and move waiting ones to a new connection', async () => {
    const sent = [send()];
    await peer.streams(1);
    sent.push(send(), send());
    await until(() => sender.pool.stats.queued === 2);
    peer.onStream = accept;
    await copyFile(certificate('ca.pem'), join(folder, 'ca.pem'));
    clock.advanceAtOnce(CHECK_MS);
    // The first request checks the files. A later one uses the changed files.
    while (peer.sessions.length < 2) {
      sent.push(send());
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await Promise.all(sent.slice(1))).toEqual(
      Array(sent.length - 1).fill({ kind: 'accepted' }),
    );
    for (const stream of held) answer(stream);
    expect(await sent[0]).toEqual({ kind: 'accepted' });
    expect(peer.sessions).toHaveLength(2);
    expect(sender.pool.stats).not.toHaveProperty('lastError');
  });

  it('replace the first connection too, while it is being made', async () => {
    await sender.close();
    const files = { caFile: join(folder, 'ca.pem') };
    sender = createGrpcSender({ endpoint: peer.url, clock, tls: files, pool: { sessions: 1 } });
    peer.onStream = accept;
    await copyFile(certificate('ca.pem'), join(folder, 'ca.pem'));
    clock.advanceAtOnce(CHECK_MS);
    const sent: Promise<Outcome>[] = [];
    for (let each = 0; each < 20; each += 1) {
      sent.push(send());
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await Promise.all(sent)).toEqual(Array(20).fill({ kind: 'accepted' }));
  });
});
