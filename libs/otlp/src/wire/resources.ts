// Written by `npm run wire` from tools/wire/messages.ts.

import { NO_ATTRIBUTES, readAttribute } from './attributes.js';
import type { OpenAttributes } from './attributes.js';
import type { Resource, Scope } from './model.js';
import type { ProtobufReader } from './protobuf-reader.js';

export const NO_RESOURCE: Resource = Object.freeze({
  attributes: NO_ATTRIBUTES,
  droppedAttributesCount: 0,
});
export const NO_SCOPE: Scope = Object.freeze({
  name: '',
  version: '',
  attributes: NO_ATTRIBUTES,
  droppedAttributesCount: 0,
});

/** resource.proto Resource. */
export function readResource(reader: ProtobufReader): Resource {
  const outer = reader.open();
  let attributes: OpenAttributes | undefined;
  let droppedAttributesCount = 0;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        attributes = readAttribute(reader, attributes);
        break;
      case 2:
        droppedAttributesCount = reader.uint32();
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    attributes: attributes ?? NO_ATTRIBUTES,
    droppedAttributesCount,
  };
}

/** common.proto InstrumentationScope. */
export function readScope(reader: ProtobufReader): Scope {
  const outer = reader.open();
  let name = '';
  let version = '';
  let attributes: OpenAttributes | undefined;
  let droppedAttributesCount = 0;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        name = reader.string();
        break;
      case 2:
        version = reader.string();
        break;
      case 3:
        attributes = readAttribute(reader, attributes);
        break;
      case 4:
        droppedAttributesCount = reader.uint32();
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    name,
    version,
    attributes: attributes ?? NO_ATTRIBUTES,
    droppedAttributesCount,
  };
}
