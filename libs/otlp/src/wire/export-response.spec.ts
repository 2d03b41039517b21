import { SIGNALS } from './model.js';
import {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import {
  decodeExportResponse,
  decodeExportResponseJson,
  encodeExportResponse,
  encodeExportResponseJson,
} from './export-response.js';

describe('export response', () => {
  it('is an empty message when nothing was rejected', () => {
    expect(encodeExportResponse({ rejected: 0, message: '' })).toHaveLength(0);
    expect(encodeExportResponseJson('traces', { rejected: 0, message: '' })).toBe('{}');
  });

  it.each(SIGNALS)('survives a round trip through protobuf and JSON for %s', (signal) => {
    for (const response of [
      { rejected: 0, message: '' },
      { rejected: 0, message: 'deprecated' },
      { rejected: 300, message: '' },
      { rejected: 2 ** 40, message: 'zu groß' },
    ]) {
      expect(decodeExportResponse(encodeExportResponse(response))).toEqual(response);
      const json = encodeExportResponseJson(signal, response);
      expect(decodeExportResponseJson(signal, json)).toEqual(response);
    }
  });

  it('is read by the official clients', () => {
    const bytes = encodeExportResponse({ rejected: 7, message: 'too old' });
    expect(ProtobufTraceSerializer.deserializeResponse(bytes)).toEqual({
      partialSuccess: { rejectedSpans: 7, errorMessage: 'too old' },
    });
    expect(ProtobufMetricsSerializer.deserializeResponse(bytes)).toEqual({
      partialSuccess: { rejectedDataPoints: 7, errorMessage: 'too old' },
    });
    expect(ProtobufLogsSerializer.deserializeResponse(bytes)).toEqual({
      partialSuccess: { rejectedLogRecords: 7, errorMessage: 'too old' },
    });
  });

  it('reads a count that JSON gives as a number', () => {
    const json = '{"partialSuccess":{"rejectedSpans":3}}';
    expect(decodeExportResponseJson('traces', json)).toEqual({ rejected: 3, message: '' });
  });
});
