import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { transcodeJson } from './json.js';
import { encodeRequest } from './fixtures/request.js';
import type { SignalItems } from './fixtures/request.js';
import type { Signal } from '../wire/model.js';

const resource = resourceFromAttributes({ 'service.name': 'shop' });
const context = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1, isRemote: true };
const span: ReadableSpan = {
  name: 'GET /',
  kind: 1,
  spanContext: () => context,
  parentSpanContext: context,
  startTime: [1, 5],
  endTime: [2, 0],
  status: { code: 0 },
  attributes: { int: 3, double: 0.5, nan: Number.NaN, list: [1, 2] },
  links: [],
  events: [{ name: 'e', time: [1, 6] }],
  duration: [1, 0],
  ended: true,
  resource,
  instrumentationScope: { name: 's', version: '1' },
  droppedAttributesCount: 0,
  droppedEventsCount: 2,
  droppedLinksCount: 0,
};

function encodeJson<S extends Signal>(signal: S, items: SignalItems[S]): string {
  return transcodeJson(signal, encodeRequest(signal, items).bytes);
}

describe('OTLP/JSON', () => {
  it('writes a span with ids in hex, enums as numbers and 64-bit integers as strings', () => {
    expect(JSON.parse(encodeJson('traces', [span]))).toEqual({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
          scopeSpans: [
            {
              scope: { name: 's', version: '1' },
              spans: [
                {
                  traceId: 'ab'.repeat(16),
                  spanId: 'cd'.repeat(8),
                  parentSpanId: 'cd'.repeat(8),
                  flags: 0x301,
                  name: 'GET /',
                  kind: 2,
                  startTimeUnixNano: '1000000005',
                  endTimeUnixNano: '2000000000',
                  attributes: [
                    { key: 'int', value: { intValue: '3' } },
                    { key: 'double', value: { doubleValue: 0.5 } },
                    { key: 'nan', value: { doubleValue: 'NaN' } },
                    {
                      key: 'list',
                      value: {
                        arrayValue: { values: [{ intValue: '1' }, { intValue: '2' }] },
                      },
                    },
                  ],
                  events: [{ timeUnixNano: '1000000006', name: 'e', attributes: [] }],
                  droppedEventsCount: 2,
                  status: {},
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('writes a log record with bytes and large integers', () => {
    const record: ReadableLogRecord = {
      hrTime: [1, 0],
      hrTimeObserved: [2, 0],
      severityNumber: 9,
      body: { bytes: Uint8Array.of(1, 2, 3), large: 2 ** 60 },
      eventName: 'placed',
      spanContext: context,
      resource,
      instrumentationScope: { name: 's' },
      attributes: {},
      droppedAttributesCount: 0,
    };
    const { resourceLogs } = JSON.parse(encodeJson('logs', [record])) as {
      resourceLogs: [{ scopeLogs: [{ logRecords: unknown }] }];
    };
    expect(resourceLogs[0].scopeLogs[0].logRecords).toEqual([
      {
        timeUnixNano: '1000000000',
        observedTimeUnixNano: '2000000000',
        severityNumber: 9,
        body: {
          kvlistValue: {
            values: [
              { key: 'bytes', value: { bytesValue: 'AQID' } },
              { key: 'large', value: { intValue: '1152921504606846976' } },
            ],
          },
        },
        attributes: [],
        flags: 1,
        traceId: 'ab'.repeat(16),
        spanId: 'cd'.repeat(8),
        eventName: 'placed',
      },
    ]);
  });

  it('writes points with integers as asInt and others as asDouble', () => {
    function metric(valueType: number, dataPointType: number) {
      return {
        descriptor: { name: 'm', description: '', unit: '', valueType },
        aggregationTemporality: 1,
        dataPointType,
        isMonotonic: true,
        dataPoints: [{ startTime: [1, 0], endTime: [2, 0], attributes: {}, value: 3 }],
      };
    }
    const scopeMetrics = [
      { scope: { name: 's' }, metrics: [metric(0, 3), metric(1, 3), metric(1, 2)] },
    ];
    const text = encodeJson('metrics', { resource, scopeMetrics } as unknown as ResourceMetrics);
    const { resourceMetrics } = JSON.parse(text) as {
      resourceMetrics: [{ scopeMetrics: [{ metrics: unknown }] }];
    };
    const point = { attributes: [], startTimeUnixNano: '1000000000', timeUnixNano: '2000000000' };
    const sum = { aggregationTemporality: 2, isMonotonic: true };
    expect(resourceMetrics[0].scopeMetrics[0].metrics).toEqual([
      { name: 'm', sum: { ...sum, dataPoints: [{ ...point, asInt: '3' }] } },
      { name: 'm', sum: { ...sum, dataPoints: [{ ...point, asDouble: 3 }] } },
      { name: 'm', gauge: { dataPoints: [{ ...point, asDouble: 3 }] } },
    ]);
  });

  it('writes an empty request for no items', () => {
    expect(transcodeJson('logs', new Uint8Array())).toBe('{"resourceLogs":[]}');
  });
});
