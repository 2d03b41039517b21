import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOtlpReceiver } from '../receiver/index.js';
import { patience, smallBatch } from '../transport/fixtures/batches.js';
import { deadEndpoint } from './fixtures/peers.js';
import { until } from './fixtures/until.js';
import type { Exporters } from './exporter.js';
import { resolvePipelineOptions } from './pipeline-options.js';
import type { PipelineOptions } from './pipeline-options.js';
import type { FromWorker } from './worker-messages.js';
import { createExporters } from './stack.js';

describe('the exporters of a pipeline', () => {
  const closing: (() => Promise<unknown>)[] = [];
  let told: FromWorker[];

  function exportersOf(options: PipelineOptions): Exporters {
    told = [];
    const exporters = createExporters(resolvePipelineOptions(options).sending, (message) => {
      told.push(message);
    });
    closing.push(() => Promise.all(exporters.all.map(({ sender }) => sender.close())));
    return exporters;
  }
  function warnings(): string[] {
    return told.flatMap((each) =>
      each.kind === 'warning' ? [`${each.cause}: ${each.message}`] : [],
    );
  }

  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  it.each(['grpc', 'http/protobuf'] as const)(
    'report an outage when the breaker opens, with its reason and without credentials (%s)',
    async (protocol) => {
      const { host } = new URL(await deadEndpoint());
      const endpoint = `http://user:canary@${host}/canary`;
      const exporters = exportersOf({
        traces: { protocol, endpoint },
        logs: { protocol, endpoint },
      });
      for (let failure = 1; failure < 5; failure += 1) {
        await exporters.all[0]?.once.send(smallBatch(), patience());
      }
      expect(warnings()).toEqual([]);
      await exporters.all[0]?.once.send(smallBatch(), patience());
      expect(warnings()).toEqual([
        `ECONNREFUSED_0: traces, logs cannot be sent to ${host}: ECONNREFUSED; trying again`,
      ]);
    },
  );

  it.each([
    ['grpc', 'http', 'is this a port of OTLP over gRPC, as 4317?'],
    ['http/protobuf', 'http', 'is this a port of OTLP over HTTP, as 4318?'],
    ['http/json', 'http', 'is this a port of OTLP over HTTP, as 4318?'],
    ['grpc', 'https', 'does the collector speak TLS'],
    ['http/protobuf', 'https', 'does the collector speak TLS'],
  ] as const)(
    'suggest the port of the other protocol, or TLS (%s, %s)',
    async (protocol, scheme, question) => {
      const receiver = createOtlpReceiver({
        grpcPort: 0,
        httpPort: 0,
        onExport: () => ({ kind: 'accepted' }),
      });
      const { grpcPort, httpPort } = await receiver.start();
      closing.push(() => receiver.close());
      const port = protocol === 'grpc' ? httpPort : grpcPort;
      const exporters = exportersOf({
        traces: { protocol, endpoint: `${scheme}://127.0.0.1:${port}` },
      });
      for (let failure = 1; failure <= 5; failure += 1) {
        await exporters.all[0]?.once.send(smallBatch(), patience());
      }
      expect(warnings()).toEqual([expect.stringContaining(`(${question}`)]);
    },
  );

  it.each([
    [404, '(404): no such page (is the path /v1/traces right?); what it refuses is lost'],
    [401, '(401): no such page (are the credentials right?); what it refuses is lost'],
    [500, '(500): no such page; what it refuses is lost'],
    [413, '(413): larger than it takes; what it refuses is lost'],
  ] as const)(
    'report that refused telemetry is lost, with the collector and the reason (%d)',
    async (status, words) => {
      const protocol = 'http/protobuf';
      const server = createServer((request, response) => {
        request.resume().on('end', () => response.writeHead(status).end('no such page'));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      closing.push(() => once(server.close(), 'close'));
      const where = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const exporters = exportersOf({
        traces: { protocol, endpoint: `http://${where}/v1/traces` },
      });
      const outcome = await exporters.all[0]?.sender.send(smallBatch(), patience());
      expect(outcome).toMatchObject({ kind: 'refused' });
      expect(warnings()).toEqual([
        `refused_traces_${status}_0: traces refused by ${where} ${words}`,
      ]);
    },
  );

  it('close HTTP connections at the age that the pool options set', async () => {
    let connections = 0;
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.end());
    });
    server.on('connection', () => (connections += 1));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => once(server.close(), 'close'));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const maxAgeMs of [0.001, 60_000]) {
      connections = 0;
      const traces = { protocol: 'http/protobuf', endpoint } as const;
      const exporters = exportersOf({ traces, pool: { maxAgeMs } });
      for (let time = 0; time < 3; time += 1) {
        const outcome = await exporters.all[0]?.once.send(smallBatch(), patience());
        expect(outcome).toEqual({ kind: 'accepted' });
      }
      expect(connections).toBe(maxAgeMs < 1 ? 3 : 1);
    }
  });

  it('make no more attempts at a shutdown if one has just found nobody', async () => {
    const { of } = exportersOf({ traces: { endpoint: await deadEndpoint() } });
    const exporter = of.traces!;
    const sent = exporter.sender.send(smallBatch(), patience());
    await until(() => exporter.waiting() === 1);
    exporter.stopWaiting(() => false);
    expect(await sent).toMatchObject({ kind: 'retry', reason: 'ECONNREFUSED' });
    expect([exporter.begun(), exporter.ended()]).toEqual([1, 1]);
  });

  it('send a batch that waited for headers as soon as they come', async () => {
    const tokens: unknown[] = [];
    const server = createServer((request, response) => {
      tokens.push(request.headers.authorization);
      request.resume().on('end', () => response.end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => once(server.close(), 'close'));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    function headers(): Record<string, string> {
      return {};
    }
    const exporters = exportersOf({ traces: { protocol: 'http/protobuf', endpoint, headers } });
    const exporter = exporters.of.traces!;
    const sent = exporter.sender.send(smallBatch(), patience());
    await until(() => exporter.waiting() === 1);
    expect(exporter.state().why).toBe('headers_timeout');
    const questions = told.flatMap((each) => (each.kind === 'headers' ? [each.id] : []));
    expect(questions).toHaveLength(1);
    exporters.headers(questions[0]!, { authorization: 'late' });
    expect([await sent, tokens]).toEqual([{ kind: 'accepted' }, ['late']]);
    expect(told.filter(({ kind }) => kind === 'headers')).toHaveLength(1);
  });
});
