import { isDecoratedBy } from './decorated-method.js';
import { decorateWithSpan } from './span.decorator.js';

/** Options of `Traceable`. */
export interface TraceableOptions {
  /** Names of own methods that get no span. Default: none. */
  exclude?: readonly string[];
}

/**
 * Runs each method that the class itself defines in a span of its own, as `@Span()` on each of them would.
 *
 * Left alone: constructors, accessors, static methods, methods named by symbols or `#private`, functions and classes
 * that are values of properties, inherited methods (decorate the class that defines them), and methods that have
 * `@Span` already, whose name and options stay.
 *
 * @throws TypeError while the class is being defined, when `exclude` names a key that is no own method.
 */
export const Traceable =
  ({ exclude = [] }: TraceableOptions = {}): ClassDecorator =>
  (target) => {
    const prototype = target.prototype as object;
    const methods = Object.entries(Object.getOwnPropertyDescriptors(prototype)).filter(
      ([key, descriptor]) => key !== 'constructor' && isMethod(descriptor),
    );
    const unknown = exclude.filter((name) => methods.every(([key]) => key !== name));
    if (unknown.length > 0) {
      throw new TypeError(
        `@Traceable on ${target.name} excludes ${unknown.join(', ')}, which it does not define as a method`,
      );
    }
    for (const [key, descriptor] of methods) {
      if (exclude.includes(key) || hasSpan(descriptor.value as object)) continue;
      decorateWithSpan('@Traceable', prototype, key, descriptor);
      Object.defineProperty(prototype, key, descriptor);
    }
  };

/** Returns true for a method with a span, even below `@Counted` and `@Timed`. */
const hasSpan = (method: object): boolean =>
  isDecoratedBy('@Span', method) || isDecoratedBy('@Traceable', method);

const isMethod = (descriptor: PropertyDescriptor): boolean => {
  const value: unknown = descriptor.value;
  const replaceable = descriptor.configurable === true || descriptor.writable === true;
  if (typeof value !== 'function' || !replaceable) return false;
  // Of all functions only classes have a prototype that cannot be replaced. [ECMA-262, MakeConstructor]
  return Object.getOwnPropertyDescriptor(value, 'prototype')?.writable !== false;
};
