import { NO_ATTRIBUTES, readAttribute } from './attributes.js';
import type { OpenAttributes } from './attributes.js';
import type { Resource, ResourceGroup, Scope, ScopeGroup } from './model.js';
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

/** The part that the three export requests share: field 1 is a list of groups, one for each resource. */
export function readGroups<I>(
  reader: ProtobufReader,
  readItem: (reader: ProtobufReader) => I,
): ResourceGroup<I>[] {
  const groups: ResourceGroup<I>[] = [];
  while (reader.next()) {
    if (reader.field === 1) groups.push(readResourceGroup(reader, readItem));
    else reader.skip();
  }
  return groups;
}

/** ResourceSpans, ResourceMetrics, ResourceLogs: resource 1, scopes 2, schema_url 3. */
function readResourceGroup<I>(
  reader: ProtobufReader,
  readItem: (reader: ProtobufReader) => I,
): ResourceGroup<I> {
  reader.budget.record();
  const outer = reader.open();
  let resource = NO_RESOURCE;
  let schemaUrl = '';
  const scopes: ScopeGroup<I>[] = [];
  while (reader.next()) {
    if (reader.field === 1) resource = readResource(reader);
    else if (reader.field === 2) scopes.push(readScopeGroup(reader, readItem));
    else if (reader.field === 3) schemaUrl = reader.string();
    else reader.skip();
  }
  reader.close(outer);
  return { resource, schemaUrl, scopes };
}

/** ScopeSpans, ScopeMetrics, ScopeLogs: scope 1, items 2, schema_url 3. */
function readScopeGroup<I>(
  reader: ProtobufReader,
  readItem: (reader: ProtobufReader) => I,
): ScopeGroup<I> {
  reader.budget.record();
  const outer = reader.open();
  let scope = NO_SCOPE;
  let schemaUrl = '';
  const items: I[] = [];
  while (reader.next()) {
    if (reader.field === 1) scope = readScope(reader);
    else if (reader.field === 2) {
      reader.budget.record();
      items.push(readItem(reader));
    } else if (reader.field === 3) schemaUrl = reader.string();
    else reader.skip();
  }
  reader.close(outer);
  return { scope, schemaUrl, items };
}

function readResource(reader: ProtobufReader): Resource {
  const outer = reader.open();
  let attributes: OpenAttributes | undefined;
  let droppedAttributesCount = 0;
  while (reader.next()) {
    if (reader.field === 1) attributes = readAttribute(reader, attributes);
    else if (reader.field === 2) droppedAttributesCount = reader.uint32();
    else reader.skip();
  }
  reader.close(outer);
  return { attributes: attributes ?? NO_ATTRIBUTES, droppedAttributesCount };
}

function readScope(reader: ProtobufReader): Scope {
  const outer = reader.open();
  let name = '';
  let version = '';
  let attributes: OpenAttributes | undefined;
  let droppedAttributesCount = 0;
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) version = reader.string();
    else if (reader.field === 3) attributes = readAttribute(reader, attributes);
    else if (reader.field === 4) droppedAttributesCount = reader.uint32();
    else reader.skip();
  }
  reader.close(outer);
  return { name, version, attributes: attributes ?? NO_ATTRIBUTES, droppedAttributesCount };
}
