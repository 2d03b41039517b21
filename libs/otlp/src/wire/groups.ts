import type { ResourceGroup, ScopeGroup } from './model.js';
import type { ProtobufReader } from './protobuf-reader.js';
import { NO_RESOURCE, NO_SCOPE, readResource, readScope } from './resources.js';

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
