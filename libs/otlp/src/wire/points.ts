// Written by `npm run wire` from tools/wire/messages.ts.

import { NO_ATTRIBUTES, readAttribute } from './attributes.js';
import type { OpenAttributes } from './attributes.js';
import type { Exemplar, HistogramPoint, NumberPoint, SummaryPoint } from './model.js';
import type { ProtobufReader } from './protobuf-reader.js';

const NONE: readonly never[] = Object.freeze([]);

/** metrics.proto NumberDataPoint. */
export function readNumberPoint(reader: ProtobufReader): NumberPoint {
  const outer = reader.open();
  let attributes: OpenAttributes | undefined;
  let startTime = 0n;
  let time = 0n;
  let flags = 0;
  let exemplars: Exemplar[] | undefined;
  let value: number | bigint = 0;
  while (reader.next()) {
    switch (reader.field) {
      case 2:
        startTime = reader.fixed64();
        break;
      case 3:
        time = reader.fixed64();
        break;
      case 4:
        value = reader.double();
        break;
      case 5:
        reader.budget.record();
        (exemplars ??= []).push(readExemplar(reader));
        break;
      case 6:
        value = reader.sfixed64();
        break;
      case 7:
        attributes = readAttribute(reader, attributes);
        break;
      case 8:
        flags = reader.uint32();
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
    value,
  };
}

/** metrics.proto HistogramDataPoint. */
export function readHistogramPoint(reader: ProtobufReader): HistogramPoint {
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
  const bucketCounts: bigint[] = [];
  const explicitBounds: number[] = [];
  while (reader.next()) {
    switch (reader.field) {
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
        reader.fixed64s(bucketCounts);
        break;
      case 7:
        reader.doubles(explicitBounds);
        break;
      case 8:
        reader.budget.record();
        (exemplars ??= []).push(readExemplar(reader));
        break;
      case 9:
        attributes = readAttribute(reader, attributes);
        break;
      case 10:
        flags = reader.uint32();
        break;
      case 11:
        min = reader.double();
        break;
      case 12:
        max = reader.double();
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
    bucketCounts,
    explicitBounds,
  };
}

/** metrics.proto SummaryDataPoint. */
export function readSummaryPoint(reader: ProtobufReader): SummaryPoint {
  const outer = reader.open();
  let attributes: OpenAttributes | undefined;
  let startTime = 0n;
  let time = 0n;
  let flags = 0;
  let count = 0n;
  let sum = 0;
  let quantiles: SummaryPoint['quantiles'][number][] | undefined;
  while (reader.next()) {
    switch (reader.field) {
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
        reader.budget.record();
        (quantiles ??= []).push(readQuantile(reader));
        break;
      case 7:
        attributes = readAttribute(reader, attributes);
        break;
      case 8:
        flags = reader.uint32();
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
    count,
    sum,
    quantiles: quantiles ?? NONE,
  };
}

/** metrics.proto SummaryDataPoint.ValueAtQuantile. */
function readQuantile(reader: ProtobufReader): SummaryPoint['quantiles'][number] {
  const outer = reader.open();
  let quantile = 0;
  let value = 0;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        quantile = reader.double();
        break;
      case 2:
        value = reader.double();
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    quantile,
    value,
  };
}

/** metrics.proto Exemplar. */
export function readExemplar(reader: ProtobufReader): Exemplar {
  const outer = reader.open();
  let time = 0n;
  let value: number | bigint = 0;
  let traceId = '';
  let spanId = '';
  let filteredAttributes: OpenAttributes | undefined;
  while (reader.next()) {
    switch (reader.field) {
      case 2:
        time = reader.fixed64();
        break;
      case 3:
        value = reader.double();
        break;
      case 4:
        spanId = reader.hex();
        break;
      case 5:
        traceId = reader.hex();
        break;
      case 6:
        value = reader.sfixed64();
        break;
      case 7:
        filteredAttributes = readAttribute(reader, filteredAttributes);
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    time,
    value,
    traceId,
    spanId,
    filteredAttributes: filteredAttributes ?? NO_ATTRIBUTES,
  };
}
