import { trace } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { Observable, Subscriber } from 'rxjs';
import { contexts } from '../context/contexts.js';
import { inScope } from './call-scope.js';
import type { CallScope, FollowedCall } from './call-scope.js';

/**
 * Passes a source on and ends the scope with it. What is downstream stays in the context in which it
 * subscribed: it is not part of the method.
 */
class ScopedSubscriber<T> extends Subscriber<T> {
  readonly #scope: CallScope;
  readonly #outer: Context;

  constructor(destination: Subscriber<T>, scope: CallScope, outer: Context) {
    super(destination);
    this.#scope = scope;
    this.#outer = outer;
  }

  protected override _next(value: T): void {
    contexts.with(this.#outer, () => super._next(value));
  }

  protected override _error(error: unknown): void {
    this.#scope.fail(error);
    contexts.with(this.#outer, () => super._error(error));
  }

  protected override _complete(): void {
    this.#scope.succeed();
    contexts.with(this.#outer, () => super._complete());
  }

  override unsubscribe(): void {
    super.unsubscribe();
    // Also called from the constructor's chain when the destination is closed already.
    if (#scope in this) this.#scope.succeed();
  }
}

/** Methods of Observable and Subject that go on from `this`, so that what they make is followed too. */
const GOES_ON = new Set<string | symbol>([
  'pipe',
  'lift',
  'forEach',
  'toPromise',
  'asObservable',
  '@@observable',
  (Symbol as { observable?: symbol }).observable ?? '@@observable',
]);

/**
 * Each subscription runs in a scope: the first in that of the call, later ones (`retry`, `repeat`, a
 * second subscriber) in their own. Anything else about `source`, say a Subject's value, stays as it is.
 * An Observable that nobody subscribes to leaves nothing.
 */
export const followObservable = (
  source: Observable<unknown>,
  call: FollowedCall,
): Observable<unknown> => {
  let latest: CallScope | undefined;
  const scoped = new Observable<unknown>((subscriber) => {
    const outer = contexts.active();
    latest = latest === undefined ? call.scope : call.begin(parentOf(outer, latest, call));
    const inner = new ScopedSubscriber(subscriber, latest, outer);
    return inScope(latest, () => source.subscribe(inner));
  });
  const subscribe = scoped.subscribe.bind(scoped);
  return new Proxy(source, {
    get(target, key) {
      if (key === 'subscribe') return subscribe;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' && !GOES_ON.has(key) ? value.bind(target) : value;
    },
  });
};

/** An attempt after an error is started from within the one before it, of which it is no part. */
const parentOf = (active: Context, previous: CallScope, call: FollowedCall): Context =>
  previous.context !== undefined && trace.getSpan(active) === trace.getSpan(previous.context)
    ? call.parent
    : active;
