import 'reflect-metadata';
import { types } from 'node:util';
import { contexts } from '../context/contexts.js';
import { harmless, inScope } from './call-scope.js';
import type { CallScope } from './call-scope.js';
import { followIterator } from './followed-iterator.js';
import { follow } from './followed-result.js';
import type { Context } from '@opentelemetry/api';

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** One call of a decorated method. */
interface MethodCall {
  readonly args: readonly unknown[];
  readonly parent: Context;
}

/** Begins the scope of a call; may throw, the method runs all the same. */
type BeginCall = (call: MethodCall) => CallScope;

// Not on the function, whose properties are to stay those of the original.
const DECORATORS = new WeakMap<object, ReadonlySet<string>>();

/**
 * Replaces the method of `descriptor` by one that runs in a scope, for whatever it returns: a value, a
 * promise, an Observable, a generator. For everyone who looks at it, it is the same function: name,
 * length, kind, properties and Reflect metadata, wherever in a list of decorators it stands.
 *
 * @throws TypeError while the class is being defined, on anything but a method.
 */
export const decorate = (
  decorator: string,
  key: string | symbol,
  descriptor: PropertyDescriptor | undefined,
  begin: BeginCall,
): void => {
  const original: unknown = descriptor?.value;
  if (descriptor === undefined || typeof original !== 'function') {
    throw new TypeError(`${decorator} belongs on a method; ${String(key)} is none`);
  }
  const wrapper = wrap(original as Method, begin);
  disguise(wrapper, original);
  descriptor.value = wrapper;
  DECORATORS.set(wrapper, new Set([...(DECORATORS.get(original) ?? []), decorator]));
};

/** Whether the method, or what it replaced, was decorated by `decorator` of this copy of the package. */
export const isDecoratedBy = (decorator: string, method: object): boolean =>
  DECORATORS.get(method)?.has(decorator) ?? false;

const wrap = (original: Method, begin: BeginCall): Method =>
  types.isGeneratorFunction(original) ? wrapGenerator(original, begin) : wrapPlain(original, begin);

// Method shorthand: like the original, the wrapper is no constructor and has no prototype.
const wrapPlain = (original: Method, begin: BeginCall): Method => {
  const holder: { wrapper: Method } = {
    wrapper(...args) {
      const parent = contexts.active();
      const beginScope = harmless((below) => begin({ args, parent: below }));
      const scope = beginScope(parent);
      let result: unknown;
      try {
        result = inScope(scope, () => Reflect.apply(original, this, args));
      } catch (error) {
        scope.fail(error);
        throw error;
      }
      return follow(result, { scope, parent, begin: beginScope });
    },
  };
  return holder.wrapper;
};

// The body of a generator does not run before the first `next`, so its scope begins there.
const wrapGenerator = (original: Method, begin: BeginCall): Method => {
  const holder: { wrapper: Method } = {
    wrapper(...args) {
      const parent = contexts.active();
      const beginScope = harmless(() => begin({ args, parent }));
      const iterator = Reflect.apply(original, this, args) as Iterator<unknown>;
      return followIterator(iterator, () => beginScope(parent));
    },
  };
  return holder.wrapper;
};

/** Properties of a function that are not copied as they are. */
const OWN = new Set<string | symbol>(['prototype', 'caller', 'arguments']);

const disguise = (wrapper: Function, original: Function): void => {
  // Async and generator functions are told apart by their prototype's tag and constructor.
  Object.setPrototypeOf(wrapper, Object.getPrototypeOf(original) as object);
  for (const key of Reflect.ownKeys(original)) {
    const property = Object.getOwnPropertyDescriptor(original, key);
    if (property !== undefined && !OWN.has(key)) Object.defineProperty(wrapper, key, property);
  }
  // Nest and others keep what their decorators say on the function; those above us write to ours.
  for (const key of Reflect.getOwnMetadataKeys(original) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), wrapper);
  }
};

/** `Class.method`, as `code.function.name` wants it. */
export const qualifiedName = (target: object, key: string | symbol): string => {
  const owner = typeof target === 'function' ? target : target.constructor;
  const method = typeof key === 'symbol' ? `[${key.description ?? ''}]` : key;
  return owner.name === '' ? method : `${owner.name}.${method}`;
};
