import type { AnyValue, Attributes } from './model.js';
import type { ProtobufReader } from './protobuf-reader.js';

/** Attributes that are being read. */
export type OpenAttributes = { [key: string]: AnyValue };

export const NO_ATTRIBUTES: Attributes = Object.freeze(openAttributes());

export function openAttributes(): OpenAttributes {
  return Object.create(null) as OpenAttributes;
}

/** Reads one KeyValue (key 1, value 2) into `into`, or into a new object if `into` is undefined. */
export function readAttribute(
  reader: ProtobufReader,
  into: OpenAttributes | undefined,
): OpenAttributes {
  reader.budget.value();
  const attributes = into ?? openAttributes();
  const outer = reader.open();
  let key = '';
  let value: AnyValue = null;
  while (reader.next()) {
    if (reader.field === 1) key = reader.string();
    else if (reader.field === 2) value = readAnyValue(reader);
    else reader.skip();
  }
  reader.close(outer);
  attributes[key] = value;
  return attributes;
}

/** AnyValue: string 1, bool 2, int 3, double 4, array 5, kvlist 6, bytes 7. None of them is null. */
export function readAnyValue(reader: ProtobufReader): AnyValue {
  const outer = reader.open();
  let value: AnyValue = null;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        value = reader.string();
        break;
      case 2:
        value = reader.bool();
        break;
      case 3:
        value = reader.int64();
        break;
      case 4:
        value = reader.double();
        break;
      case 5:
        value = readArray(reader);
        break;
      case 6:
        value = readMap(reader);
        break;
      case 7:
        value = reader.bytes();
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return value;
}

function readArray(reader: ProtobufReader): AnyValue {
  reader.budget.enter();
  const outer = reader.open();
  const values: AnyValue[] = [];
  while (reader.next()) {
    if (reader.field === 1) {
      reader.budget.value();
      values.push(readAnyValue(reader));
    } else reader.skip();
  }
  reader.close(outer);
  reader.budget.leave();
  return values;
}

function readMap(reader: ProtobufReader): AnyValue {
  reader.budget.enter();
  const outer = reader.open();
  const entries = openAttributes();
  while (reader.next()) {
    if (reader.field === 1) readAttribute(reader, entries);
    else reader.skip();
  }
  reader.close(outer);
  reader.budget.leave();
  return entries;
}
