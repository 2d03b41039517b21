import { connect } from 'node:net';
import { once } from 'node:events';
import { SpanKind } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as GrpcTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as HttpTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { useLeakCheck } from './leak-check.js';
import { ScriptedOtlpServer } from './otlp-server.js';
import { hang, partial, refuse, reset, throttle, unavailable } from './reply-script.js';
import { expectSpanTree } from './span-tree-match.js';

const resource = resourceFromAttributes({ 'service.name': 'orders' });

/** Ends spans of the official tracer. */
const endedSpans = (...names: string[]): ReadableSpan[] => {
  const ended: ReadableSpan[] = [];
  const provider = new TracerProvider({
    resource,
    spanProcessors: [
      {
        onStart: () => {},
        onEnd: (span) => void ended.push(span),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  for (const name of names) {
    provider.getTracer('spec').startSpan(name, { kind: SpanKind.SERVER }).end();
  }
  return ended;
};

const send = (exporter: SpanExporter, spans: ReadableSpan[]): Promise<ExportResult> =>
  new Promise((resolve) => exporter.export(spans, resolve));

describe('ScriptedOtlpServer', () => {
  useLeakCheck();

  describe('with official exporters', () => {
    let server: ScriptedOtlpServer;
    let grpc: GrpcTraceExporter;
    let http: HttpTraceExporter;
    const httpAgentOptions = { keepAlive: false };
    beforeEach(async () => {
      server = await ScriptedOtlpServer.start();
      grpc = new GrpcTraceExporter({ url: server.grpcUrl, timeoutMillis: 2000 });
      http = new HttpTraceExporter({
        url: `${server.httpUrl}/v1/traces`,
        timeoutMillis: 2000,
        httpAgentOptions,
      });
    });
    afterEach(async () => {
      await server.close();
      await Promise.all([grpc.shutdown(), http.shutdown()]);
    });

    it('accepts spans over gRPC and HTTP, and keeps them with resource and scope', async () => {
      const wait = server.waitForSpans(2);
      await Promise.all([send(grpc, endedSpans('over grpc')), send(http, endedSpans('over http'))]);
      expectSpanTree(
        await wait,
        ['over grpc', 'over http'].map((name) => ({
          name,
          kind: 'server' as const,
          service: 'orders',
          scope: 'spec',
        })),
      );
      expect(
        server
          .requests()
          .map(({ transport }) => transport)
          .toSorted(),
      ).toEqual(['grpc', 'http/protobuf']);
      expect(server.stats()).toMatchObject({ accepted: 2 });
    });

    it('accepts log records and metrics', async () => {
      const logger = new LoggerProvider({
        resource,
        processors: [
          new SimpleLogRecordProcessor({
            exporter: new OTLPLogExporter({ url: `${server.httpUrl}/v1/logs`, httpAgentOptions }),
          }),
        ],
      });
      const meter = new MeterProvider({
        resource,
        readers: [
          new PeriodicExportingMetricReader({
            exporter: new OTLPMetricExporter({
              url: `${server.httpUrl}/v1/metrics`,
              httpAgentOptions,
            }),
          }),
        ],
      });
      logger.getLogger('spec').emit({ body: 'hello' });
      meter.getMeter('spec').createCounter('calls').add(3);
      await Promise.all([logger.shutdown(), meter.shutdown()]);
      const [[record], [metric]] = await Promise.all([
        server.waitForLogRecords(1),
        server.waitForMetrics((all) => all.some(({ name }) => name === 'calls')),
      ]);
      expect(record).toMatchObject({
        body: 'hello',
        resource: { attributes: { 'service.name': 'orders' } },
      });
      expect(metric).toMatchObject({
        scope: { name: 'spec' },
        data: { kind: 'sum', points: [{ value: 3 }] },
      });
    });

    it.each([
      ['unavailable', unavailable(), 14],
      ['refused', refuse(3), 3],
      ['throttled', throttle(60_000), 14],
      ['cut off', reset(), 14],
      ['never answered', hang(), 4],
    ] as const)('answers from its script: a request is %s', async (_what, reply, code) => {
      server.script.next(reply);
      const short = new GrpcTraceExporter({ url: server.grpcUrl, timeoutMillis: 300 });
      await expect(send(short, endedSpans('a'))).resolves.toMatchObject({
        code: ExportResultCode.FAILED,
        error: { code },
      });
      expect(server.spans()).toEqual([]);
      expect(server.requests()).toMatchObject([{ signal: 'traces', items: 1, reply }]);
      await expect(send(grpc, endedSpans('b'))).resolves.toEqual({
        code: ExportResultCode.SUCCESS,
      });
      await short.shutdown();
    });

    it('answers a signal from its own script first, and then from that for any signal', async () => {
      server.script.next(partial(1)).nextOf('traces', refuse(3)).nextOf('logs', refuse(13));
      await send(grpc, endedSpans('a'));
      await send(grpc, endedSpans('b'));
      await send(grpc, endedSpans('c'));
      expect(server.requests().map(({ reply }) => reply.kind)).toEqual([
        'refused',
        'partial',
        'accepted',
      ]);
      expect(server.spans().map(({ name }) => name)).toEqual(['b', 'c']);
    });

    it('goes down and comes back on the same ports', async () => {
      const { grpcPort } = server;
      await send(grpc, endedSpans('before'));
      await server.close();
      await server.close();
      const refused = connect(grpcPort, '127.0.0.1');
      await expect(once(refused, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await server.start();
      await server.start();
      expect(server.grpcPort).toBe(grpcPort);
      await send(http, endedSpans('after'));
      expect(server.spans().map(({ name }) => name)).toEqual(['before', 'after']);
    });

    it('lists requests and answers in the error of a wait', async () => {
      server.script.next(refuse(8));
      await send(grpc, endedSpans('lost'));
      await send(grpc, endedSpans('kept'));
      await expect(server.waitForSpans(2, { timeoutMs: 1 })).rejects.toThrow(
        /^waited 1 ms for 2 spans; 1 arrived:\ntrace .*\norders {2}kept [^]*requests:\ntraces over grpc: 1 items, refused with 8\ntraces over grpc: 1 items, accepted$/,
      );
      await expect(server.waitForMetrics(1, { timeoutMs: 1 })).rejects.toThrow(
        '0 arrived:\nrequests:',
      );
    });

    it('has no requests and no script after clear()', async () => {
      await send(grpc, endedSpans('a'));
      server.script.otherwise(unavailable());
      server.clear();
      expect([server.spans(), server.requests()]).toEqual([[], []]);
      await send(grpc, endedSpans('b'));
      expect(server.spans()).toHaveLength(1);
    });
  });
});
