import type { DecodeBudget } from './decode-limits.js';
import { messageIn, messagesIn, stringIn } from './json-fields.js';
import type { JsonObject } from './json-fields.js';
import { resourceOfJson, scopeOfJson } from './json-resources.js';
import type { ResourceGroup, ScopeGroup, Signal } from './model.js';
import { NO_RESOURCE, NO_SCOPE } from './resources.js';

/** Names of the lists of one signal. */
interface GroupKeys {
  readonly resources: string;
  readonly scopes: string;
  readonly items: string;
}

export const GROUP_KEYS: Readonly<Record<Signal, GroupKeys>> = {
  traces: { resources: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' },
  metrics: { resources: 'resourceMetrics', scopes: 'scopeMetrics', items: 'metrics' },
  logs: { resources: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' },
};

export function groupsIn<I>(
  request: JsonObject,
  signal: Signal,
  budget: DecodeBudget,
  read: (item: JsonObject, budget: DecodeBudget) => I,
): ResourceGroup<I>[] {
  const { resources, scopes, items } = GROUP_KEYS[signal];
  return messagesIn(request, resources, resourceGroup, budget);

  function resourceGroup(group: JsonObject): ResourceGroup<I> {
    return {
      resource: messageIn(group, 'resource', resourceOfJson, budget) ?? NO_RESOURCE,
      schemaUrl: stringIn(group, 'schemaUrl'),
      scopes: messagesIn(group, scopes, scopeGroup, budget),
    };
  }

  function scopeGroup(group: JsonObject): ScopeGroup<I> {
    return {
      scope: messageIn(group, 'scope', scopeOfJson, budget) ?? NO_SCOPE,
      schemaUrl: stringIn(group, 'schemaUrl'),
      items: messagesIn(group, items, read, budget),
    };
  }
}
