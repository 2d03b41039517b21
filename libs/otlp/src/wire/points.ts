import { NO_ATTRIBUTES, readAttribute } from './attributes.js';
import type { OpenAttributes } from './attributes.js';
import { NO_EXEMPLARS, readExemplar } from './exemplars.js';
import type { Exemplar, HistogramPoint, NumberPoint, SummaryPoint } from './model.js';
import type { ProtobufReader } from './protobuf-reader.js';

/** metrics.proto NumberDataPoint. Without a value it is 0 (flag 1 says that none was recorded). */
export function readNumberPoint(reader: ProtobufReader): NumberPoint {
  const outer = reader.open();
  let attributes: OpenAttributes | undefined;
  let startTime = 0n;
  let time = 0n;
  let value: number | bigint = 0;
  let flags = 0;
  let exemplars: Exemplar[] | undefined;
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
    exemplars: exemplars ?? NO_EXEMPLARS,
    value,
  };
}

/** metrics.proto HistogramDataPoint. */
export function readHistogramPoint(reader: ProtobufReader): HistogramPoint {
  const outer = reader.open();
  let attributes: OpenAttributes | undefined;
  let startTime = 0n;
  let time = 0n;
  let count = 0n;
  let sum: number | undefined;
  let min: number | undefined;
  let max: number | undefined;
  let flags = 0;
  let exemplars: Exemplar[] | undefined;
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
    exemplars: exemplars ?? NO_EXEMPLARS,
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
  let count = 0n;
  let sum = 0;
  let flags = 0;
  const quantiles: SummaryPoint['quantiles'][number][] = [];
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
        quantiles.push(readQuantile(reader));
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
    quantiles,
  };
}

function readQuantile(reader: ProtobufReader): SummaryPoint['quantiles'][number] {
  reader.budget.record();
  const outer = reader.open();
  let quantile = 0;
  let value = 0;
  while (reader.next()) {
    if (reader.field === 1) quantile = reader.double();
    else if (reader.field === 2) value = reader.double();
    else reader.skip();
  }
  reader.close(outer);
  return { quantile, value };
}
