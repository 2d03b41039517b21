import { ProtobufReader } from '../wire/protobuf-reader.js';
import type { Signal } from '../wire/model.js';

/** Field numbers from the request down to the item: resource, scope, and the list in the scope. */
const ITEM_PATH = [[1], [2], [2]];
/**
 * A metric continues with gauge 5, sum 7, histogram 9, exponential_histogram 10, summary 11, and their data_points 1.
 */
const POINT_PATH = [...ITEM_PATH, [5, 7, 9, 10, 11], [1]];

/**
 * Counts the spans, log records or data points of an ExportXxxServiceRequest without decoding them. Unreadable parts
 * count as 0.
 */
export function countItems(signal: Signal, bytes: Uint8Array): number {
  try {
    return count(new ProtobufReader(bytes), signal === 'metrics' ? POINT_PATH : ITEM_PATH, 0);
  } catch {
    return 0;
  }
}

function count(reader: ProtobufReader, path: readonly number[][], depth: number): number {
  let sum = 0;
  while (reader.next()) {
    if (!path[depth]!.includes(reader.field)) reader.skip();
    else if (depth === path.length - 1) {
      reader.skip();
      sum++;
    } else {
      const outer = reader.open();
      sum += count(reader, path, depth + 1);
      reader.close(outer);
    }
  }
  return sum;
}
