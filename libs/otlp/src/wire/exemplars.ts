import { NO_ATTRIBUTES, readAttribute } from './attributes.js';
import type { OpenAttributes } from './attributes.js';
import type { Exemplar } from './model.js';
import type { ProtobufReader } from './protobuf-reader.js';

export const NO_EXEMPLARS: readonly Exemplar[] = Object.freeze([]);

/** metrics.proto Exemplar. */
export function readExemplar(reader: ProtobufReader): Exemplar {
  reader.budget.record();
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
  return { time, value, traceId, spanId, filteredAttributes: filteredAttributes ?? NO_ATTRIBUTES };
}
