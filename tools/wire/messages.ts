// The messages of OTLP 1.11, field by field. `npm run wire` writes the readers of protobuf and of JSON from this table, the
// only place that has numbers, names and kinds of fields. Source: opentelemetry-proto, `opentelemetry/proto/*/v1`.

import type { Kind, Message } from './message.ts';

type Row = readonly [number: number, kind: Kind, json?: string];

const list = (message: string): Kind => ({ list: message });

/** The messages of one source that are read by the same two files. */
function messages(
  proto: string,
  [protobufFile, jsonFile]: readonly [protobuf: string, json: string],
  rows: Readonly<Record<string, Readonly<Record<string, Row>>>>,
  types: Readonly<Record<string, string>> = {},
): readonly Message[] {
  return Object.entries(rows).map(([name, fields]) => ({
    name,
    source: `${proto} ${SOURCE_NAMES[name] ?? name}`,
    type: types[name] ?? name,
    protobufFile,
    jsonFile,
    fields: Object.entries(fields).map(([field, [number, kind, json = field]]) => ({
      name: field,
      number,
      json,
      kind,
    })),
  }));
}

/** Names in the source that are not those of the model. */
const SOURCE_NAMES: Readonly<Record<string, string>> = {
  Scope: 'InstrumentationScope',
  SpanEvent: 'Span.Event',
  SpanLink: 'Span.Link',
  NumberPoint: 'NumberDataPoint',
  HistogramPoint: 'HistogramDataPoint',
  ExponentialHistogramPoint: 'ExponentialHistogramDataPoint',
  Buckets: 'ExponentialHistogramDataPoint.Buckets',
  SummaryPoint: 'SummaryDataPoint',
  Quantile: 'SummaryDataPoint.ValueAtQuantile',
};

const TIME: Row = [3, 'fixed64', 'timeUnixNano'];
const START_TIME: Row = [2, 'fixed64', 'startTimeUnixNano'];
const TEMPORALITY: Row = [2, 'int32', 'aggregationTemporality'];
const points = (message: string): Row => [1, list(message), 'dataPoints'];
const dataOf = (kind: string): string => `MetricDataOf<'${kind}'>`;

export const MESSAGES: readonly Message[] = [
  ...messages('resource.proto', ['resources', 'json-resources'], {
    Resource: {
      attributes: [1, 'attributes'],
      droppedAttributesCount: [2, 'uint32'],
    },
  }),
  ...messages('common.proto', ['resources', 'json-resources'], {
    Scope: {
      name: [1, 'string'],
      version: [2, 'string'],
      attributes: [3, 'attributes'],
      droppedAttributesCount: [4, 'uint32'],
    },
  }),
  ...messages(
    'trace.proto',
    ['spans', 'json-spans'],
    {
      Span: {
        traceId: [1, 'hex'],
        spanId: [2, 'hex'],
        parentSpanId: [4, 'hex'],
        traceState: [3, 'string'],
        flags: [16, 'fixed32'],
        name: [5, 'string'],
        kind: [6, 'int32'],
        startTime: [7, 'fixed64', 'startTimeUnixNano'],
        endTime: [8, 'fixed64', 'endTimeUnixNano'],
        attributes: [9, 'attributes'],
        droppedAttributesCount: [10, 'uint32'],
        events: [11, list('SpanEvent')],
        droppedEventsCount: [12, 'uint32'],
        links: [13, list('SpanLink')],
        droppedLinksCount: [14, 'uint32'],
        status: [15, { message: 'Status' }],
      },
      SpanEvent: {
        time: [1, 'fixed64', 'timeUnixNano'],
        name: [2, 'string'],
        attributes: [3, 'attributes'],
        droppedAttributesCount: [4, 'uint32'],
      },
      SpanLink: {
        traceId: [1, 'hex'],
        spanId: [2, 'hex'],
        traceState: [3, 'string'],
        attributes: [4, 'attributes'],
        droppedAttributesCount: [5, 'uint32'],
        flags: [6, 'fixed32'],
      },
      // Field 1, a deprecated code, is skipped.
      Status: {
        code: [3, 'int32'],
        message: [2, 'string'],
      },
    },
    { Status: "Span['status']" },
  ),
  ...messages('logs.proto', ['logs', 'json-logs'], {
    LogRecord: {
      time: [1, 'fixed64', 'timeUnixNano'],
      observedTime: [11, 'fixed64', 'observedTimeUnixNano'],
      severityNumber: [2, 'int32'],
      severityText: [3, 'string'],
      body: [5, 'anyValue'],
      attributes: [6, 'attributes'],
      droppedAttributesCount: [7, 'uint32'],
      flags: [8, 'fixed32'],
      traceId: [9, 'hex'],
      spanId: [10, 'hex'],
      eventName: [12, 'string'],
    },
  }),
  ...messages(
    'metrics.proto',
    ['metrics', 'json-metrics'],
    {
      Metric: {
        name: [1, 'string'],
        description: [2, 'string'],
        unit: [3, 'string'],
        metadata: [12, 'attributes'],
        data: [
          0,
          {
            oneOf: {
              gauge: [5, 'Gauge'],
              sum: [7, 'Sum'],
              histogram: [9, 'Histogram'],
              exponentialHistogram: [10, 'ExponentialHistogram'],
              summary: [11, 'Summary'],
            },
          },
        ],
      },
      Gauge: { kind: [0, { constant: 'gauge' }], points: points('NumberPoint') },
      Sum: {
        kind: [0, { constant: 'sum' }],
        points: points('NumberPoint'),
        temporality: TEMPORALITY,
        monotonic: [3, 'bool', 'isMonotonic'],
      },
      Histogram: {
        kind: [0, { constant: 'histogram' }],
        points: points('HistogramPoint'),
        temporality: TEMPORALITY,
      },
      ExponentialHistogram: {
        kind: [0, { constant: 'exponentialHistogram' }],
        points: points('ExponentialHistogramPoint'),
        temporality: TEMPORALITY,
      },
      Summary: { kind: [0, { constant: 'summary' }], points: points('SummaryPoint') },
    },
    {
      Gauge: dataOf('gauge'),
      Sum: dataOf('sum'),
      Histogram: dataOf('histogram'),
      ExponentialHistogram: dataOf('exponentialHistogram'),
      Summary: dataOf('summary'),
    },
  ),
  ...messages(
    'metrics.proto',
    ['points', 'json-points'],
    {
      NumberPoint: {
        attributes: [7, 'attributes'],
        startTime: START_TIME,
        time: TIME,
        flags: [8, 'uint32'],
        exemplars: [5, list('Exemplar')],
        value: [0, { double: 4, int: 6 }],
      },
      HistogramPoint: {
        attributes: [9, 'attributes'],
        startTime: START_TIME,
        time: TIME,
        flags: [10, 'uint32'],
        exemplars: [8, list('Exemplar')],
        count: [4, 'fixed64'],
        sum: [5, 'optionalDouble'],
        min: [11, 'optionalDouble'],
        max: [12, 'optionalDouble'],
        bucketCounts: [6, 'fixed64s'],
        explicitBounds: [7, 'doubles'],
      },
      SummaryPoint: {
        attributes: [7, 'attributes'],
        startTime: START_TIME,
        time: TIME,
        flags: [8, 'uint32'],
        count: [4, 'fixed64'],
        sum: [5, 'double'],
        quantiles: [6, list('Quantile'), 'quantileValues'],
      },
      Quantile: {
        quantile: [1, 'double'],
        value: [2, 'double'],
      },
      Exemplar: {
        time: [2, 'fixed64', 'timeUnixNano'],
        value: [0, { double: 3, int: 6 }],
        traceId: [5, 'hex'],
        spanId: [4, 'hex'],
        filteredAttributes: [7, 'attributes'],
      },
    },
    { Quantile: "SummaryPoint['quantiles'][number]" },
  ),
  ...messages(
    'metrics.proto',
    ['exponential-points', 'json-points'],
    {
      ExponentialHistogramPoint: {
        attributes: [1, 'attributes'],
        startTime: START_TIME,
        time: TIME,
        flags: [10, 'uint32'],
        exemplars: [11, list('Exemplar')],
        count: [4, 'fixed64'],
        sum: [5, 'optionalDouble'],
        min: [12, 'optionalDouble'],
        max: [13, 'optionalDouble'],
        scale: [6, 'sint32'],
        zeroCount: [7, 'fixed64'],
        zeroThreshold: [14, 'double'],
        positive: [8, { message: 'Buckets' }],
        negative: [9, { message: 'Buckets' }],
      },
      Buckets: {
        offset: [1, 'sint32'],
        bucketCounts: [2, 'uint64s'],
      },
    },
    { Buckets: 'ExponentialBuckets' },
  ),
];
