import { isObservable } from 'rxjs';
import { contexts } from '../context/contexts.js';
import { inScope } from './call-scope.js';
import type { CallScope, FollowedCall } from './call-scope.js';
import { followIterator, isFollowedIterator } from './followed-iterator.js';
import { followObservable } from './followed-observable.js';

/** Ends the scope when the work behind `result` ends; returns the result for the caller. */
export const follow = (result: unknown, call: FollowedCall): unknown => {
  if (typeof result === 'object' && result !== null) {
    try {
      if (Object.getPrototypeOf(result) === Promise.prototype) {
        return followPromise(result as Promise<unknown>, call);
      }
      if (isObservable(result)) return followObservable(result, call);
      if (isFollowedIterator(result)) return followIterator(result, () => call.scope);
      if (isThenable(result)) return followThenable(result, call.scope);
    } catch {
      // A hostile object does not answer what kind it is.
    }
  }
  call.scope.succeed();
  return result;
};

const followPromise = (promise: Promise<unknown>, call: FollowedCall): Promise<unknown> =>
  promise.then(
    // An async method may come to an Observable or an iterator.
    (value) => follow(value, call),
    (error: unknown) => {
      call.scope.fail(error);
      throw error;
    },
  );

interface Thenable {
  then(resolve?: unknown, reject?: unknown): unknown;
}

const isThenable = (value: object): value is Thenable =>
  'then' in value && typeof value.then === 'function';

/**
 * A promise of another make, or a query builder that runs when it is awaited. It stays the object that
 * it is; the scope ends when somebody who has called `then` gets the answer.
 */
const followThenable = (thenable: Thenable, scope: CallScope): Thenable => {
  const original = thenable.then.bind(thenable);
  const then = (resolve?: unknown, reject?: unknown): unknown => {
    const outer = contexts.active();
    const resolved = (value: unknown): unknown => {
      scope.succeed();
      return typeof resolve === 'function' ? contexts.with(outer, () => resolve(value)) : value;
    };
    const rejected = (error: unknown): unknown => {
      scope.fail(error);
      if (typeof reject === 'function') return contexts.with(outer, () => reject(error));
      throw error;
    };
    return inScope(scope, () => original(resolved, rejected));
  };
  // eslint-disable-next-line unicorn/no-thenable -- it is one already
  Object.defineProperty(thenable, 'then', { value: then, configurable: true, writable: true });
  return thenable;
};
