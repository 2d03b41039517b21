import * as v from 'valibot';
import type { Fault } from './faults.js';
import { nearest } from './faults.js';
import type { OtelModuleOptions } from './otel.options.js';
import { optionsSchema } from './option-table.js';
import { shown } from './shown.js';

type Issue = v.BaseIssue<unknown>;
interface ObjectSchema {
  readonly entries: Readonly<Record<string, unknown>>;
}

/** The object schema behind `optional` and `pipe` wrappers, if there is one. */
const objectAt = (schema: unknown, keys: readonly string[]): ObjectSchema | undefined => {
  let at = schema as { entries?: ObjectSchema['entries']; wrapped?: unknown } | undefined;
  while (at?.wrapped !== undefined) at = at.wrapped as typeof at;
  if (at?.entries === undefined) return undefined;
  const [key, ...rest] = keys;
  return key === undefined ? { entries: at.entries } : objectAt(at.entries[key], rest);
};

const remedyOfUnknownKey = (keys: readonly string[]): string => {
  const owner = objectAt(optionsSchema, keys.slice(0, -1));
  const known = Object.keys(owner?.entries ?? {});
  const meant = nearest(keys.at(-1) ?? '', known);
  if (meant !== undefined) return `unknown key; did you mean "${meant}"?`;
  return known.length > 0 ? `unknown key; known are ${known.join(', ')}` : 'unknown key; remove it';
};

const toFault = (issue: Issue): Fault => {
  const keys = (issue.path ?? []).map((item) => String(item.key));
  const path = keys.join('.') || 'options';
  if (issue.expected === 'never') {
    return { path, found: undefined, remedy: remedyOfUnknownKey(keys) };
  }
  // A union reports its own sentence, which names all that it takes.
  const remedy = issue.message.startsWith('Invalid ')
    ? `write ${issue.expected ?? 'another value'}`
    : issue.message;
  return { path, found: shown(path, issue.input), remedy };
};

const firstPerPath = (faults: readonly Fault[]): readonly Fault[] =>
  [...new Map(faults.toReversed().map((fault) => [fault.path, fault])).values()].toReversed();

type Validated =
  | { readonly kind: 'valid'; readonly options: OtelModuleOptions }
  | { readonly kind: 'faulty'; readonly faults: readonly Fault[] };

/** Never throws, and does not change the options. `undefined` means no options. */
export const validateOptions = (given: unknown): Validated => {
  if (
    Array.isArray(given) ||
    given === null ||
    (given !== undefined && typeof given !== 'object')
  ) {
    const found = given === null ? 'null' : shown('options', given);
    return {
      kind: 'faulty',
      faults: [{ path: 'options', found, remedy: 'write an object of options, or nothing' }],
    };
  }
  const result = v.safeParse(optionsSchema, given ?? {});
  return result.success
    ? { kind: 'valid', options: given ?? {} }
    : { kind: 'faulty', faults: firstPerPath(result.issues.map(toFault)) };
};
