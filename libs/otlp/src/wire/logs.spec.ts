import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { decodeExportRequest } from './export-request.js';
import { decodeExportRequestJson } from './json-export-request.js';

async function exportRecords(record: (provider: LoggerProvider) => void) {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({
    processors: [new SimpleLogRecordProcessor({ exporter })],
  });
  record(provider);
  await provider.forceFlush();
  const records = exporter.getFinishedLogRecords();
  const bytes = ProtobufLogsSerializer.serializeRequest(records) ?? new Uint8Array();
  const request = decodeExportRequest('logs', bytes);
  const json = Buffer.from(JsonLogsSerializer.serializeRequest(records) ?? []).toString();
  expect(decodeExportRequestJson('logs', json)).toEqual(request);
  return request;
}

describe('log records of the official SDK', () => {
  it('are read with every field', async () => {
    const spanContext = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: 1,
    };
    const body = {
      text: 'x',
      nested: { list: [1, 'two', null, { deep: true }] },
      bytes: Buffer.from([0, 255]),
    };
    const request = await exportRecords((provider) => {
      provider.getLogger('app', '1').emit({
        timestamp: [1_700_000_000, 1],
        observedTimestamp: [1_700_000_000, 2],
        severityNumber: 17,
        severityText: 'ERROR',
        eventName: 'order.failed',
        body,
        attributes: { map: { a: { b: 1.5 } }, bytes: Buffer.from('hi') },
        context: trace.setSpanContext(ROOT_CONTEXT, spanContext),
      });
    });
    const [record] = request.groups.flatMap((group) =>
      group.scopes.flatMap((scope) => scope.items),
    );
    expect(record).toEqual({
      time: 1_700_000_000_000_000_001n,
      observedTime: 1_700_000_000_000_000_002n,
      severityNumber: 17,
      severityText: 'ERROR',
      eventName: 'order.failed',
      body: { ...body, bytes: Uint8Array.from([0, 255]) },
      attributes: { map: { a: { b: 1.5 } }, bytes: Uint8Array.from([104, 105]) },
      droppedAttributesCount: 0,
      flags: 1,
      traceId: spanContext.traceId,
      spanId: spanContext.spanId,
    });
  });
});
