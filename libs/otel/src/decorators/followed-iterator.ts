import { types } from 'node:util';
import { inScope } from './call-scope.js';
import type { CallScope } from './call-scope.js';

/** A generator of either kind, or another async iterator. */
type Followed = (Iterator<unknown> | AsyncIterator<unknown>) & object;
type Step = (value?: unknown) => unknown;

/** Iterators of arrays and maps are no work that goes on; those of generators and streams are. */
export const isFollowedIterator = (value: object): value is Followed =>
  types.isGeneratorObject(value) ||
  (Symbol.asyncIterator in value && 'next' in value && typeof value.next === 'function');

// `map`, `filter` and the like call `next` on `this`, which must be ours.
const SYNC_HELPERS = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object;
const ASYNC_HELPERS = Object.getPrototypeOf(
  Object.getPrototypeOf(Object.getPrototypeOf((async function* () {})())),
) as object;

/**
 * Runs each step of `iterator` in the scope, which ends when the iterator does: at its return, its throw,
 * or when the consumer breaks off. `begin` is called at the first step.
 */
export const followIterator = (iterator: Followed, begin: () => CallScope): Followed => {
  let scope: CallScope | undefined;
  const step =
    (method: (this: unknown, value?: unknown) => unknown): Step =>
    (...args) => {
      const current = (scope ??= begin());
      return settle(current, () => inScope(current, () => Reflect.apply(method, iterator, args)));
    };
  const stop: Step = (...args) => {
    const { return: original } = iterator as { return?: Step };
    // Never started: there is nothing to end. Without a `return`, breaking off is all there is.
    if (scope === undefined) return original?.apply(iterator, args) ?? { done: true };
    const current = scope;
    if (original !== undefined) return step(original)(...args);
    current.succeed();
    return { done: true, value: args[0] };
  };
  const { next, throw: fail } = iterator as unknown as { next: Step; throw?: Step };
  const steps = new Map<string | symbol, Step>([
    ['next', step(next)],
    ['return', stop],
  ]);
  if (fail !== undefined) steps.set('throw', step(fail));

  const proxy: Followed = new Proxy(iterator, {
    get(target, key) {
      const known = steps.get(key);
      if (known !== undefined) return known;
      if (key === Symbol.iterator || key === Symbol.asyncIterator) {
        return key in target ? () => proxy : undefined;
      }
      const value: unknown = Reflect.get(target, key, target);
      const inherited = key in SYNC_HELPERS || key in ASYNC_HELPERS;
      return typeof value === 'function' && !inherited ? value.bind(target) : value;
    },
  });
  return proxy;
};

/** Ends the scope if the step was the last one. */
const settle = (scope: CallScope, run: () => unknown): unknown => {
  const failed = (error: unknown): never => {
    scope.fail(error);
    throw error;
  };
  const seen = (result: unknown): unknown => {
    if ((result as { done?: unknown } | null)?.done === true) scope.succeed();
    return result;
  };
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    return failed(error);
  }
  return types.isPromise(result) ? result.then(seen, failed) : seen(result);
};
