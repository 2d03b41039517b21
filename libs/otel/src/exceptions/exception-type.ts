import { attempt } from './error-like.js';
import { OTHER } from './semconv.js';
import { toText } from './text.js';

const MAX_CHARS = 100;
// Minifiers give one or two characters, and other ones at each build.
const MIN_CHARS = 3;
const MAX_ANCESTORS = 20;
const CLASS_NAME = /^[A-Z][\w$.]*$/;

const isTelling = (name: string | undefined): name is string =>
  name !== undefined && name.length >= MIN_CHARS && name.length <= MAX_CHARS;

const constructorName = (prototype: object): string | undefined =>
  attempt(() => {
    const name: unknown = Object.hasOwn(prototype, 'constructor')
      ? (prototype.constructor as { readonly name?: unknown }).name
      : undefined;
    return typeof name === 'string' && name !== '' ? name : undefined;
  });

/** The names of an object's class and of all that it extends, the class first. */
const classNames = (thrown: object): readonly string[] => {
  const names: string[] = [];
  let prototype = attempt(() => Object.getPrototypeOf(thrown) as object | null);
  for (let at = 0; prototype && at < MAX_ANCESTORS; at++) {
    const current: object = prototype;
    const name = constructorName(current);
    if (name !== undefined) names.push(name);
    prototype = attempt(() => Object.getPrototypeOf(current) as object | null);
  }
  return names;
};

/**
 * `exception.type` and `error.type` of whatever was thrown, the same for every signal:
 *
 * 1. `name`, where it was set on purpose: it looks like the name of a class and is not inherited from a class that this
 *    one extends. It survives a minifier (Prisma) and tells of what has no class (`AbortError` of a DOMException).
 * 2. The name of the class, else of the nearest one above that a minifier left alone.
 * 3. `name`, whatever it is; `_OTHER` without one, and for anything but an object.
 *
 * Never the `code`. Never throws.
 */
export const exceptionType = (thrown: unknown): string => {
  if (typeof thrown !== 'object' || thrown === null) return OTHER;
  const given = attempt(() => (thrown as { readonly name?: unknown }).name);
  const name = typeof given === 'string' && given !== '' ? given : undefined;
  const classes = classNames(thrown);
  if (isTelling(name) && CLASS_NAME.test(name) && !classes.slice(1).includes(name)) return name;
  return toText(classes.find(isTelling) ?? name ?? OTHER, MAX_CHARS);
};
