import { NO_ATTRIBUTES, openAttributes } from './attributes.js';
import type { OpenAttributes } from './attributes.js';
import type { DecodeBudget } from './decode-limits.js';
import { base64, boolIn, double, eachIn, int64, objectIn, stringIn } from './json-fields.js';
import type { JsonObject } from './json-fields.js';
import type { AnyValue, Attributes } from './model.js';

export function attributesIn(parent: JsonObject, key: string, budget: DecodeBudget): Attributes {
  const attributes = entriesIn(parent, key, budget);
  return attributes ?? NO_ATTRIBUTES;
}

function entriesIn(
  parent: JsonObject,
  key: string,
  budget: DecodeBudget,
): OpenAttributes | undefined {
  let entries: OpenAttributes | undefined;
  eachIn(parent, key, (attribute) => {
    budget.value();
    entries ??= openAttributes();
    entries[stringIn(attribute, 'key')] = anyValueIn(attribute, 'value', budget);
  });
  return entries;
}

export function anyValueIn(parent: JsonObject, key: string, budget: DecodeBudget): AnyValue {
  return objectIn(parent, key, (value) => anyValue(value, budget)) ?? null;
}

/** The first of its fields that is present. None of them is null. */
function anyValue(value: JsonObject, budget: DecodeBudget): AnyValue {
  if (isSet(value['stringValue'])) return stringIn(value, 'stringValue');
  if (isSet(value['boolValue'])) return boolIn(value, 'boolValue');
  if (isSet(value['intValue'])) return int64(value['intValue'], 'intValue');
  if (isSet(value['doubleValue'])) return double(value['doubleValue'], 'doubleValue');
  if (isSet(value['bytesValue'])) return base64(value['bytesValue'], 'bytesValue');
  if (isSet(value['arrayValue'])) {
    budget.enter();
    const values: AnyValue[] = [];
    objectIn(value, 'arrayValue', (array) =>
      eachIn(array, 'values', (item) => {
        budget.value();
        values.push(anyValue(item, budget));
      }),
    );
    budget.leave();
    return values;
  }
  if (isSet(value['kvlistValue'])) {
    budget.enter();
    const entries = objectIn(value, 'kvlistValue', (map) => entriesIn(map, 'values', budget));
    budget.leave();
    return entries ?? openAttributes();
  }
  return null;
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
