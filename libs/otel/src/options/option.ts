import * as v from 'valibot';
import type { Environment } from './environment.js';
import type { Rule } from './option-rules.js';
import type { OtlpEngine } from './option-types.js';
import type { ValueOf, VariableName } from './variables.js';

/** Variables whose value an option of type `T` can have. */
type VariableOf<T> = {
  [N in VariableName]: ValueOf<N> extends T ? N : never;
}[VariableName];

interface About<T> {
  /** Its meaning, as docstring and as documentation: whole sentences, without range, engine and default. */
  readonly text: string;
  /** The only engine that knows it. Default: both do. */
  readonly engine?: OtlpEngine;
  /** Variables that replace an absent option; the first that is set counts. Default: none. */
  readonly variables?: readonly VariableOf<T>[];
  /** A default that no single value is, in words. */
  readonly defaultText?: string;
}

/** One option with its rule, documentation, variables and default. */
export interface Option<T = unknown, D = unknown> {
  readonly kind: 'option';
  readonly rule: Rule<T>;
  readonly text: string;
  readonly engine: OtlpEngine | undefined;
  readonly variables: readonly VariableName[];
  readonly default: D;
  readonly defaultText: string | undefined;
}

/** An option without a default has none, or one that is found elsewhere, which `defaultText` then says. */
export function option<T>(rule: Rule<T>, about: About<NoInfer<T>>): Option<T, undefined>;
export function option<T>(
  rule: Rule<T>,
  about: About<NoInfer<T>> & { readonly default: NoInfer<T> },
): Option<T, T>;
export function option<T>(rule: Rule<T>, about: About<T> & { readonly default?: T }): Option<T> {
  return {
    kind: 'option',
    rule,
    text: about.text,
    engine: about.engine,
    variables: about.variables ?? [],
    default: about.default,
    defaultText: about.defaultText,
  };
}

export type Keys = Readonly<Record<string, Option | Section>>;

/** A rule between two keys of one section. */
interface Between {
  /** The key to which the fault belongs. */
  readonly key: string;
  readonly remedy: string;
  readonly holds: (given: Readonly<Record<string, unknown>>) => boolean;
}

/** Options that belong together. */
export interface Section<K extends Keys = Keys> {
  readonly kind: 'section';
  /** The exported type. Undefined if its keys are written out in the type around it. */
  readonly type: string | undefined;
  /** Its subject, in whole sentences. */
  readonly text: string;
  /** The subject of its type, wherever that is used. */
  readonly typeText: string;
  readonly keys: K;
  readonly between: Between | undefined;
  /** Its keys are those of another section, and documented there. */
  readonly isRepeated: boolean;
}

export const section = <const K extends Keys>(
  type: string | undefined,
  text: string,
  keys: K,
  between?: Between,
): Section<K> => ({
  kind: 'section',
  type,
  text,
  typeText: text,
  keys,
  between,
  isRepeated: false,
});

/** The keys of a section in another place. */
export const repeated = <K extends Keys>(of: Section<K>, text: string): Section<K> => ({
  ...of,
  text,
  isRepeated: true,
});

/** The given values of a section, as far as this file needs them. */
type Given = Readonly<Record<string, unknown>> | undefined;

export type Resolved<K extends Keys> = {
  readonly [N in keyof K]: K[N] extends Section<infer Inner>
    ? Resolved<Inner>
    : K[N] extends Option<infer T, infer D>
      ? D extends undefined
        ? T | undefined
        : T
      : never;
};

/** The schema of a section; unknown keys are faults. */
export const schemaOf = ({ keys, between }: Section): v.GenericSchema => {
  const entries = Object.entries(keys).map(([key, part]) => [
    key,
    v.optional(part.kind === 'section' ? schemaOf(part) : part.rule.schema),
  ]);
  const schema = v.strictObject(
    Object.fromEntries(entries) as v.ObjectEntries,
    'write an object of options',
  );
  if (between === undefined) return schema;
  const { key, remedy, holds } = between;
  return v.pipe(schema, v.forward(v.check(holds, remedy), [key]));
};

/**
 * Resolves every option of a section: the given value wins over the first variable that is set, and that over the
 * default.
 */
export const resolved = <K extends Keys>(
  of: Section<K>,
  given: object | undefined,
  environment: Environment,
): Resolved<K> => {
  const values = Object.entries(of.keys).map(([key, part]) => {
    const value = (given as Given)?.[key];
    return part.kind === 'section'
      ? [key, resolved(part, value as object | undefined, environment)]
      : [key, copied(value) ?? fromVariables(part.variables, environment) ?? part.default];
  });
  return Object.fromEntries(values) as Resolved<K>;
};

/** The configuration is frozen, and the app's own array must not be. */
const copied = (value: unknown): unknown => (Array.isArray(value) ? [...value] : value);

const fromVariables = (names: readonly VariableName[], environment: Environment): unknown => {
  for (const name of names) {
    const value = environment.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
};
