import type { DecodeBudget } from './decode-limits.js';
import { NO_RESOURCE, NO_SCOPE } from './groups.js';
import { attributesIn } from './json-attributes.js';
import { mapIn, objectIn, stringIn, uint32In } from './json-fields.js';
import type { JsonObject } from './json-fields.js';
import type { Resource, ResourceGroup, Scope } from './model.js';

/** Names of the lists of one signal. */
interface GroupKeys {
  readonly resources: string;
  readonly scopes: string;
  readonly items: string;
}

export function groupsIn<I>(
  request: JsonObject,
  keys: GroupKeys,
  budget: DecodeBudget,
  read: (item: JsonObject, budget: DecodeBudget) => I,
): ResourceGroup<I>[] {
  return mapIn(request, keys.resources, (group) => {
    budget.record();
    return {
      resource: objectIn(group, 'resource', (value) => resource(value, budget)) ?? NO_RESOURCE,
      schemaUrl: stringIn(group, 'schemaUrl'),
      scopes: mapIn(group, keys.scopes, (scoped) => {
        budget.record();
        return {
          scope: objectIn(scoped, 'scope', (value) => scope(value, budget)) ?? NO_SCOPE,
          schemaUrl: stringIn(scoped, 'schemaUrl'),
          items: mapIn(scoped, keys.items, (item) => {
            budget.record();
            return read(item, budget);
          }),
        };
      }),
    };
  });
}

function resource(value: JsonObject, budget: DecodeBudget): Resource {
  return {
    attributes: attributesIn(value, 'attributes', budget),
    droppedAttributesCount: uint32In(value, 'droppedAttributesCount'),
  };
}

function scope(value: JsonObject, budget: DecodeBudget): Scope {
  return {
    name: stringIn(value, 'name'),
    version: stringIn(value, 'version'),
    attributes: attributesIn(value, 'attributes', budget),
    droppedAttributesCount: uint32In(value, 'droppedAttributesCount'),
  };
}
