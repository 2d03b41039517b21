// Written by `npm run wire` from tools/wire/messages.ts.

import type { DecodeBudget } from './decode-limits.js';
import { attributesIn } from './json-attributes.js';
import { stringIn, uint32In } from './json-fields.js';
import type { JsonObject } from './json-fields.js';
import type { Resource, Scope } from './model.js';

export function resourceOfJson(object: JsonObject, budget: DecodeBudget): Resource {
  return {
    attributes: attributesIn(object, 'attributes', budget),
    droppedAttributesCount: uint32In(object, 'droppedAttributesCount'),
  };
}

export function scopeOfJson(object: JsonObject, budget: DecodeBudget): Scope {
  return {
    name: stringIn(object, 'name'),
    version: stringIn(object, 'version'),
    attributes: attributesIn(object, 'attributes', budget),
    droppedAttributesCount: uint32In(object, 'droppedAttributesCount'),
  };
}
