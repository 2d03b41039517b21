import * as v from 'valibot';
import { MAX_TIMER_MS } from './variable-rules.js';

/**
 * The rule of an option's value. Each message of `schema` names the value to write; its fault adds the place and the
 * value found there.
 */
export interface Rule<T> {
  readonly schema: v.GenericSchema;
  /** The type, as TypeScript writes it. */
  readonly type: string;
  /** The sentence that gives the range, such as `1 to 16 ms`. Undefined if there is no range. */
  readonly range?: (unit: string) => string;
  /** All allowed values. The docs list those that the option's own text does not name. */
  readonly names?: readonly string[];
  /** A value that exists only in the type: it carries the type of the option. */
  readonly value?: T;
}

/** A rule for a type that TypeScript knows and a schema cannot express. */
export const ruleOf = <T>(schema: v.GenericSchema, type: string): Rule<T> => ({ schema, type });

const anyText = v.string('write a string');
const filledText = v.pipe(
  anyText,
  v.trim(),
  v.nonEmpty('write at least one character, or leave it out'),
);

export const text = ruleOf<string>(anyText, 'string');
/** A text of one character or more besides white space. */
export const filled = ruleOf<string>(filledText, 'string');
export const flag = ruleOf<boolean>(v.boolean('write true or false'), 'boolean');

export const list = <T>(item: Rule<T>, what: string): Rule<readonly T[]> => ({
  schema: v.pipe(v.array(item.schema, `write an array of ${what}`), v.readonly()),
  type: item.type.includes('|') ? `readonly (${item.type})[]` : `readonly ${item.type}[]`,
  ...(item.names && { names: item.names }),
});

/** A whole number. */
export const whole = (min: number, max: number = MAX_TIMER_MS): Rule<number> => {
  const hint = `write a whole number from ${min} to ${max}`;
  return {
    schema: v.pipe(v.number(hint), v.integer(hint), v.minValue(min, hint), v.maxValue(max, hint)),
    type: 'number',
    range: (unit) => {
      const behind = unit === '' ? '' : ` ${unit}`;
      if (max === MAX_TIMER_MS && min === 0) return `In${behind}`;
      if (max < MAX_TIMER_MS) return `${min} to ${max}${behind}`;
      return `At least ${min}${behind}`;
    },
  };
};

const RATIO = 'write a number from 0 to 1';
export const ratio: Rule<number> = {
  schema: v.pipe(v.number(RATIO), v.minValue(0, RATIO), v.maxValue(1, RATIO)),
  type: 'number',
  range: () => '0 to 1',
};

/** One of `names`. `type`: the name of their type, if they have one. */
export const oneOf = <const N extends string>(names: readonly N[], type?: string): Rule<N> => ({
  schema: v.picklist(names, `write one of ${names.map((name) => `"${name}"`).join(', ')}`),
  type: type ?? names.map((name) => `'${name}'`).join(' | '),
  names,
});

export const eitherOf = <A, B>(rules: readonly [Rule<A>, Rule<B>], hint: string): Rule<A | B> => ({
  schema: v.union(
    rules.map(({ schema }) => schema),
    hint,
  ),
  type: rules.map(({ type }) => type).join(' | '),
  names: rules.flatMap(({ names = [] }) => names),
});

const hasMethods =
  (...names: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');

/** An object of the app's own, known by its methods. */
export const withMethods = <T>(type: string, what: string, ...names: readonly string[]): Rule<T> =>
  ruleOf(
    v.custom<object>(hasMethods(...names), `give a ${what} (an object with ${names.join(', ')})`),
    type,
  );

export const pattern = ruleOf<RegExp>(
  v.custom<RegExp>((value) => Object.prototype.toString.call(value) === '[object RegExp]'),
  'RegExp',
);

export const anyFunction = v.custom<(...args: never[]) => unknown>(
  (value) => typeof value === 'function',
);

export const urlPath: Rule<string> = {
  schema: v.pipe(
    anyText,
    v.regex(/^\/[^\s?#]+$/, 'write a path that begins with "/", without a query'),
  ),
  type: 'string',
};

/** 0: one that is free. */
export const port = whole(0, 65_535);
