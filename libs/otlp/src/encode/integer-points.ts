import { ProtobufReader } from '../wire/protobuf-reader.js';
import type { DecodeLimits } from '../wire/decode-limits.js';

const GAUGE = 5;
const SUM = 7;
const AS_DOUBLE = 4;

/**
 * Whether each number point of an ExportMetricsServiceRequest is an integer, in their order. The decoded model does
 * not tell 3 from 3.0, and the type of a metric must not change from one export to the next.
 */
export function integerPoints(bytes: Uint8Array, limits: Partial<DecodeLimits>): boolean[] {
  const reader = new ProtobufReader(bytes, limits);
  const found: boolean[] = [];
  // ResourceMetrics 1 > ScopeMetrics 2 > Metric 2 > Gauge 5 or Sum 7 > NumberDataPoint 1
  each(reader, 1, 1, () =>
    each(reader, 2, 2, () =>
      each(reader, 2, 2, () => each(reader, GAUGE, SUM, () => each(reader, 1, 1, point))),
    ),
  );
  return found;

  function point(): void {
    let isInteger = true;
    while (reader.next()) {
      if (reader.field === AS_DOUBLE) isInteger = false;
      reader.skip();
    }
    found.push(isInteger);
  }
}

/** Every message in the fields `field` and `other` of the message that is open. */
function each(reader: ProtobufReader, field: number, other: number, read: () => void): void {
  while (reader.next()) {
    if (reader.field !== field && reader.field !== other) {
      reader.skip();
      continue;
    }
    const outer = reader.open();
    read();
    reader.close(outer);
  }
}
