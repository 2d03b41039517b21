// Written by `npm run wire` from tools/wire/messages.ts.

import { NO_ATTRIBUTES, readAttribute } from './attributes.js';
import type { OpenAttributes } from './attributes.js';
import type { Exemplar, ExponentialBuckets, ExponentialHistogramPoint } from './model.js';
import { readExemplar } from './points.js';
import type { ProtobufReader } from './protobuf-reader.js';

const NONE: readonly never[] = Object.freeze([]);
export const NO_BUCKETS: ExponentialBuckets = Object.freeze({
  offset: 0,
  bucketCounts: Object.freeze([]),
});

/** metrics.proto ExponentialHistogramDataPoint. */
export function readExponentialHistogramPoint(reader: ProtobufReader): ExponentialHistogramPoint {
  const outer = reader.open();
  let attributes: OpenAttributes | undefined;
  let startTime = 0n;
  let time = 0n;
  let flags = 0;
  let exemplars: Exemplar[] | undefined;
  let count = 0n;
  let sum: number | undefined;
  let min: number | undefined;
  let max: number | undefined;
  let scale = 0;
  let zeroCount = 0n;
  let zeroThreshold = 0;
  let positive = NO_BUCKETS;
  let negative = NO_BUCKETS;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        attributes = readAttribute(reader, attributes);
        break;
      case 2:
        startTime = reader.fixed64();
        break;
      case 3:
        time = reader.fixed64();
        break;
      case 4:
        count = reader.fixed64();
        break;
      case 5:
        sum = reader.double();
        break;
      case 6:
        scale = reader.sint32();
        break;
      case 7:
        zeroCount = reader.fixed64();
        break;
      case 8:
        positive = readBuckets(reader);
        break;
      case 9:
        negative = readBuckets(reader);
        break;
      case 10:
        flags = reader.uint32();
        break;
      case 11:
        reader.budget.record();
        (exemplars ??= []).push(readExemplar(reader));
        break;
      case 12:
        min = reader.double();
        break;
      case 13:
        max = reader.double();
        break;
      case 14:
        zeroThreshold = reader.double();
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    attributes: attributes ?? NO_ATTRIBUTES,
    startTime,
    time,
    flags,
    exemplars: exemplars ?? NONE,
    count,
    sum,
    min,
    max,
    scale,
    zeroCount,
    zeroThreshold,
    positive,
    negative,
  };
}

/** metrics.proto ExponentialHistogramDataPoint.Buckets. */
function readBuckets(reader: ProtobufReader): ExponentialBuckets {
  const outer = reader.open();
  let offset = 0;
  const bucketCounts: bigint[] = [];
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        offset = reader.sint32();
        break;
      case 2:
        reader.uint64s(bucketCounts);
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    offset,
    bucketCounts,
  };
}
