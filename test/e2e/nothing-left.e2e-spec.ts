import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import { ShutdownSequence } from '../../libs/otel/src/lifecycle/shutdown-sequence.js';
import type { PhaseReport } from '../../libs/otel/src/lifecycle/phase-run.js';
import { ownTracer } from '../../libs/otel/src/late-bound/own-telemetry.js';
import { createApp } from './health-app.js';

useLeakCheck();

/** Jest does not wait this long: a shutdown that waits for it fails the spec. */
const FOR_EVER_MS = 3_600_000;

/** Makes a span, and one that never ends if `leaks`. Returns the phases of the shutdown. */
async function closed(endpoint: string, leaks: boolean): Promise<readonly PhaseReport[]> {
  const app = await createApp('express', {
    service: { name: 'closing' },
    otlp: { protocol: 'http/protobuf', endpoint, worker: false },
    traces: {},
    metrics: { intervalMs: FOR_EVER_MS },
    logs: {},
    shutdown: { flushMs: FOR_EVER_MS },
  });
  await app.init();
  ownTracer().startSpan('ended').end();
  if (leaks) ownTracer().startSpan('a leak');
  await app.close();
  return app.get(ShutdownSequence).reports;
}

const leftIn = (reports: readonly PhaseReport[]): string[] =>
  reports.flatMap(({ left }) => [...left]);

describe('a shutdown', () => {
  it('reports nothing if all items arrived, and otherwise the number of spans that did not end', async () => {
    await using collector = await ScriptedOtlpServer.start();
    expect(leftIn(await closed(collector.httpUrl, false))).toEqual([]);
    expect(leftIn(await closed(collector.httpUrl, true))).toEqual([
      'providers: 1 spans had not ended',
    ]);
    expect(collector.spans().map(({ name }) => name)).toContain('ended');
  });

  it('does not wait for a collector that was never reached, and reports the loss', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((done) => server.close(done));
    const reports = await closed(`http://127.0.0.1:${port}`, false);
    expect(leftIn(reports)).toEqual([
      expect.stringMatching(/^providers: telemetry was lost: traces \d+, metrics \d+/) as string,
    ]);
    expect(reports.find(({ phase }) => phase === 'flush')?.outcome).toBe('done');
  });
});
