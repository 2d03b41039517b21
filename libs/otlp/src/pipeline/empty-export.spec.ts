import { ScriptedOtlpServer, hang, partial, unavailable, useLeakCheck } from '@nestlens/testing';
import { TransportConfigError } from '../pool/config-error.js';
import { sendEmptyExports } from './empty-export.js';
import type { Protocol } from '../wire/model.js';

function never(): AbortSignal {
  return new AbortController().signal;
}

describe('empty exports', () => {
  useLeakCheck();
  let server: ScriptedOtlpServer;
  beforeEach(async () => (server = await ScriptedOtlpServer.start()));
  afterEach(() => server.close());

  it.each<Protocol>(['grpc', 'http/protobuf', 'http/json'])(
    'are sent once for each signal, with its headers, over %s',
    async (protocol) => {
      const isGrpc = protocol === 'grpc';
      function to(signal: string) {
        return {
          protocol,
          endpoint: isGrpc ? server.grpcUrl : `${server.httpUrl}/v1/${signal}`,
          headers: [{ 'x-signal': signal }, () => ({ 'x-asked': 'yes' })],
          compression: 'gzip' as const,
        };
      }
      const sent = await sendEmptyExports({ traces: to('traces'), logs: to('logs') }, never());
      expect(sent.map(({ signal, outcome }) => [signal, outcome.kind])).toEqual([
        ['traces', 'accepted'],
        ['logs', 'accepted'],
      ]);
      expect(server.requests().map(({ items }) => items)).toEqual([0, 0]);
      for (const { signal, headers } of server.requests()) {
        expect(headers).toMatchObject({ 'x-signal': signal, 'x-asked': 'yes' });
      }
      for (const { replies } of sent) {
        expect(replies).toHaveLength(1);
        expect(replies[0]?.date).toBeGreaterThan(0);
      }
    },
  );

  it('are not repeated, and return the message of the collector', async () => {
    server.script.nextOf('traces', unavailable()).nextOf('logs', partial(0, 'soon to be removed'));
    const to = { endpoint: server.grpcUrl };
    const [traces, logs] = await sendEmptyExports({ traces: to, logs: to }, never());
    expect(traces).toMatchObject({ outcome: { kind: 'retry', reason: 'UNAVAILABLE' } });
    expect(traces?.warnings[0]?.text).toContain('scripted: unavailable');
    expect(logs).toMatchObject({ outcome: { kind: 'accepted' } });
    expect(logs?.warnings[0]?.text).toContain('soon to be removed');
    expect(server.requests()).toHaveLength(2);
  });

  it('end when the signal aborts, and name a likely mistake', async () => {
    server.script.otherwise(hang());
    const stop = new AbortController();
    const waiting = sendEmptyExports({ traces: { endpoint: server.grpcUrl } }, stop.signal);
    await server.waitForRequests(1);
    stop.abort();
    expect(await waiting).toMatchObject([{ outcome: { reason: 'aborted' }, replies: [] }]);
    const swapped = { protocol: 'http/protobuf', endpoint: server.grpcUrl } as const;
    expect(await sendEmptyExports({ traces: swapped }, never())).toMatchObject([
      { hint: expect.stringContaining('OTLP over HTTP') },
    ]);
  });

  it('are not sent if one of the destinations is invalid', async () => {
    const bad = { endpoint: server.grpcUrl, tls: {} };
    const good = { endpoint: server.grpcUrl };
    await expect(sendEmptyExports({ traces: good, logs: bad }, never())).rejects.toThrow(
      TransportConfigError,
    );
    expect(server.requests()).toEqual([]);
  });
});
