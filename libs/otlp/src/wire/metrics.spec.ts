import { decodeExportRequest } from './export-request.js';
import { decodeExportRequestJson } from './json-export-request.js';
import type { Metric } from './model.js';

/** The JavaScript SDK never sends these fields. Their bytes and their JSON follow metrics.proto. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;

function tag(number: number, wireType: number): Buffer {
  const value = (number << 3) | wireType;
  return value < 0x80 ? Buffer.from([value]) : Buffer.from([(value & 0x7f) | 0x80, value >>> 7]);
}

function message(number: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length =
    body.length < 0x80 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >>> 7];
  return Buffer.concat([tag(number, LENGTH), Buffer.from(length), body]);
}

function varint(number: number, value: number): Buffer {
  return Buffer.concat([tag(number, VARINT), Buffer.from([value])]);
}

function fixed64(number: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return Buffer.concat([tag(number, FIXED64), bytes]);
}

function double(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(number, FIXED64), bytes]);
}

function text(number: number, value: string) {
  return message(number, Buffer.from(value));
}
function hex(number: number, value: string) {
  return message(number, Buffer.from(value, 'hex'));
}
function attribute(number: number, key: string, value: string) {
  return message(number, text(1, key), message(2, text(1, value)));
}
function attributeJson(key: string, value: string) {
  return [{ key, value: { stringValue: value } }];
}

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';

function ofBytes(...parts: Uint8Array[]): Metric {
  const bytes = message(1, message(2, message(2, ...parts)));
  return decodeExportRequest('metrics', bytes).groups.at(0)!.scopes.at(0)!.items.at(0)!;
}

function ofJson(metric: unknown): Metric {
  const request = { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] };
  const decoded = decodeExportRequestJson('metrics', JSON.stringify(request));
  return decoded.groups.at(0)!.scopes.at(0)!.items.at(0)!;
}

const BASE = { attributes: { k: 'v' }, startTime: 1n, time: 2n, flags: 1 };
const BASE_JSON = {
  attributes: attributeJson('k', 'v'),
  startTimeUnixNano: '1',
  timeUnixNano: '2',
  flags: 1,
};

describe('metrics that the JavaScript SDK does not send', () => {
  it('have metadata and integer exemplars', () => {
    const expected = {
      name: 'm',
      description: '',
      unit: '',
      metadata: { from: 'statsd' },
      data: {
        kind: 'gauge',
        points: [
          {
            ...BASE,
            value: -(2n ** 62n),
            exemplars: [
              {
                time: 3n,
                value: -7,
                traceId: TRACE_ID,
                spanId: SPAN_ID,
                filteredAttributes: { f: 'x' },
              },
              { time: 0n, value: 0.5, traceId: '', spanId: '', filteredAttributes: {} },
            ],
          },
        ],
      },
    };
    const exemplar = [
      fixed64(2, 3n),
      hex(4, SPAN_ID),
      hex(5, TRACE_ID),
      fixed64(6, -7n),
      attribute(7, 'f', 'x'),
    ];
    const point = [
      fixed64(2, 1n),
      fixed64(3, 2n),
      message(5, ...exemplar),
      message(5, double(3, 0.5)),
      fixed64(6, -(2n ** 62n)),
      attribute(7, 'k', 'v'),
      varint(8, 1),
    ];
    const bytes = [text(1, 'm'), attribute(12, 'from', 'statsd'), message(5, message(1, ...point))];
    expect(ofBytes(...bytes)).toEqual(expected);
    const exemplars = [
      {
        timeUnixNano: '3',
        asInt: '-7',
        traceId: TRACE_ID,
        spanId: SPAN_ID,
        filteredAttributes: attributeJson('f', 'x'),
      },
      { asDouble: 0.5 },
    ];
    const dataPoints = [{ ...BASE_JSON, asInt: '-4611686018427387904', exemplars }];
    const json = { name: 'm', metadata: attributeJson('from', 'statsd'), gauge: { dataPoints } };
    expect(ofJson(json)).toEqual(expected);
  });

  it('have histograms without a sum, with unpacked bucket counts', () => {
    const expected = {
      kind: 'histogram',
      temporality: 1,
      points: [
        {
          ...BASE,
          exemplars: [],
          count: 2n,
          sum: undefined,
          min: undefined,
          max: 0,
          bucketCounts: [2n, 2n ** 60n],
          explicitBounds: [-1],
        },
      ],
    };
    const point = [
      fixed64(2, 1n),
      fixed64(3, 2n),
      fixed64(4, 2n),
      fixed64(6, 2n),
      fixed64(6, 2n ** 60n),
      double(7, -1),
      attribute(9, 'k', 'v'),
      varint(10, 1),
      double(12, 0),
    ];
    expect(ofBytes(message(9, message(1, ...point), varint(2, 1))).data).toEqual(expected);
    const bucketCounts = ['2', '1152921504606846976'];
    const dataPoints = [{ ...BASE_JSON, count: '2', max: 0, bucketCounts, explicitBounds: [-1] }];
    expect(ofJson({ histogram: { dataPoints, aggregationTemporality: 1 } }).data).toEqual(expected);
  });

  it('have exponential histograms with negative buckets and scale', () => {
    const expected = {
      kind: 'exponentialHistogram',
      temporality: 2,
      points: [
        {
          ...BASE,
          exemplars: [],
          count: 9n,
          sum: -1.5,
          min: -2,
          max: 3,
          scale: -3,
          zeroCount: 4n,
          zeroThreshold: 0.001,
          positive: { offset: -2, bucketCounts: [1n, 2n] },
          negative: { offset: 1, bucketCounts: [2n] },
        },
      ],
    };
    const point = [
      attribute(1, 'k', 'v'),
      fixed64(2, 1n),
      fixed64(3, 2n),
      fixed64(4, 9n),
      double(5, -1.5),
      varint(6, 5),
      fixed64(7, 4n),
      message(8, varint(1, 3), message(2, Uint8Array.of(1, 2))),
      message(9, varint(1, 2), varint(2, 2)),
      varint(10, 1),
      double(12, -2),
      double(13, 3),
      double(14, 0.001),
    ];
    expect(ofBytes(message(10, message(1, ...point), varint(2, 2))).data).toEqual(expected);
    const dataPoints = [
      {
        ...BASE_JSON,
        count: 9,
        sum: -1.5,
        min: -2,
        max: 3,
        scale: -3,
        zeroCount: '4',
        zeroThreshold: 0.001,
        positive: { offset: -2, bucketCounts: ['1', '2'] },
        negative: { offset: 1, bucketCounts: [2] },
      },
    ];
    const exponentialHistogram = { dataPoints, aggregationTemporality: 2 };
    expect(ofJson({ exponentialHistogram }).data).toEqual(expected);
  });

  it('have summaries', () => {
    const quantiles = [
      { quantile: 0, value: 1 },
      { quantile: 0.99, value: 2.5 },
    ];
    const expected = { kind: 'summary', points: [{ ...BASE, count: 3n, sum: 4.5, quantiles }] };
    const point = [
      fixed64(2, 1n),
      fixed64(3, 2n),
      fixed64(4, 3n),
      double(5, 4.5),
      message(6, double(2, 1)),
      message(6, double(1, 0.99), double(2, 2.5)),
      attribute(7, 'k', 'v'),
      varint(8, 1),
    ];
    expect(ofBytes(message(11, message(1, ...point))).data).toEqual(expected);
    const dataPoints = [{ ...BASE_JSON, count: '3', sum: 4.5, quantileValues: quantiles }];
    expect(ofJson({ summary: { dataPoints } }).data).toEqual(expected);
  });

  it('may have no data, or points without a value', () => {
    expect(ofBytes(text(1, 'm')).data).toEqual({ kind: 'none', points: [] });
    expect(ofJson({ name: 'm' }).data).toEqual({ kind: 'none', points: [] });
    expect(ofBytes(message(5, message(1))).data).toMatchObject({ points: [{ value: 0 }] });
    expect(ofJson({ gauge: { dataPoints: [{}] } }).data).toMatchObject({ points: [{ value: 0 }] });
  });
});
