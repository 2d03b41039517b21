import { Controller, Get, Headers, Logger, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OtelLogger, OtelModule } from '@nestlens/otel';
import type { OtelModuleOptions } from '@nestlens/otel';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import { logs, metrics, trace } from '@opentelemetry/api';

const INCOMING = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const TRACE_ID = INCOMING.slice(3, 35);

@Controller()
class Calls {
  static self = '';

  @Get('outer')
  async outer(): Promise<object> {
    new Logger('Calls').log('in the handler');
    const span = trace.getActiveSpan();
    const sent = (await (await fetch(`${Calls.self}/inner`)).json()) as object;
    return { span: span?.spanContext().spanId, recording: span?.isRecording(), ...sent };
  }

  @Get('inner')
  inner(@Headers('traceparent') traceparent: string | undefined): object {
    return { traceparent };
  }
}

interface Flushing {
  forceFlush(): Promise<void>;
}
const flush = async (): Promise<void> => {
  const all = [trace.getTracerProvider(), metrics.getMeterProvider(), logs.getLoggerProvider()];
  for (const provider of all as unknown as Flushing[]) await provider.forceFlush();
};

const SIGNALS = ['traces', 'metrics', 'logs'] as const;
type Signal = (typeof SIGNALS)[number];

useLeakCheck();

describe('a signal without exporters', () => {
  let server: ScriptedOtlpServer;
  let app: INestApplication | undefined;

  const start = async (options: OtelModuleOptions): Promise<void> => {
    @Module({
      imports: [
        OtelModule.forRoot({
          otlp: { protocol: 'http/protobuf', endpoint: server.httpUrl, worker: false },
          resource: { detectors: [] },
          diagnostics: { startupReport: false },
          ...options,
        }),
      ],
      controllers: [Calls],
    })
    class AppModule {}
    app = await NestFactory.create(AppModule, { bufferLogs: true });
    app.useLogger(app.get(OtelLogger));
    await app.listen(0, '127.0.0.1');
    Calls.self = await app.getUrl();
  };
  const call = async () =>
    (await (await fetch(`${Calls.self}/outer`, { headers: { traceparent: INCOMING } })).json()) as {
      span: string;
      recording: boolean;
      traceparent: string;
    };
  const signals = (): Signal[] =>
    SIGNALS.filter((signal) => server.requests().some((request) => request.signal === signal));

  beforeEach(async () => {
    server = await ScriptedOtlpServer.start();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await server.close();
  });

  // Each combination in which one, two or all three signals are off.
  it.each([1, 2, 3, 4, 5, 6, 7])(
    'is not sent, and trace context still propagates (case %i)',
    async (bits) => {
      const off = SIGNALS.filter((_, at) => (bits & (1 << at)) !== 0);
      const none = (signal: Signal) =>
        off.includes(signal) ? { exporters: ['none' as const] } : {};
      await start({ traces: none('traces'), metrics: none('metrics'), logs: none('logs') });
      const { span, recording, traceparent } = await call();
      // A span without an exporter still has ids, a parent and children. [trace SDK, "Tracer provider"]
      expect(traceparent.split('-')[1]).toBe(TRACE_ID);
      expect(traceparent).not.toContain(span);
      expect([span, recording]).toEqual([expect.stringMatching(/^(?!0{16})[\da-f]{16}$/), true]);
      await flush();
      expect(signals()).toEqual(SIGNALS.filter((signal) => !off.includes(signal)));
      if (!off.includes('logs')) {
        const record = server.logRecords().find(({ body }) => body === 'in the handler');
        expect(record).toMatchObject({ traceId: TRACE_ID, spanId: span });
      }
      if (!off.includes('metrics')) {
        const names = server.metrics().map(({ name }) => name);
        expect(names).toEqual(
          expect.arrayContaining(['http.server.request.duration', 'http.client.request.duration']),
        );
      }
    },
  );

  it('may be named by environment variables', async () => {
    const names = ['OTEL_TRACES_EXPORTER', 'OTEL_METRICS_EXPORTER', 'OTEL_LOGS_EXPORTER'];
    for (const name of names) process.env[name] = 'none';
    try {
      await start({ otlp: { endpoint: server.httpUrl, protocol: 'http/protobuf' } });
      const { traceparent } = await call();
      expect(traceparent.split('-')[1]).toBe(TRACE_ID);
      await flush();
      expect(server.requests()).toEqual([]);
    } finally {
      for (const name of names) delete process.env[name];
    }
  });
});
