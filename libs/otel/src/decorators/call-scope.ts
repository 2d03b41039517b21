import type { Context } from '@opentelemetry/api';
import { diag } from '../api/diag.js';
import { contexts } from '../context/contexts.js';

/** The scope of one run of a decorated method. Only the first of `succeed` and `fail` counts. */
export interface CallScope {
  /** The context in which the work runs. `undefined` means the context of the caller. */
  readonly context: Context | undefined;
  succeed(): void;
  fail(error: unknown): void;
}

/** Begins a scope below `parent`. Called again for each further subscription of an Observable. */
type BeginScope = (parent: Context) => CallScope;

const SILENT: CallScope = { context: undefined, succeed() {}, fail() {} };

/** Whatever goes wrong in our part of a call, the method runs as if it were not decorated. */
export const harmless =
  (begin: BeginScope): BeginScope =>
  (parent) => {
    try {
      return neverThrowing(begin(parent));
    } catch (error) {
      diag.warn('A decorated method runs without telemetry', error);
      return SILENT;
    }
  };

/** Runs `work` where the scope wants it. */
export const inScope = <T>(scope: CallScope, work: () => T): T =>
  scope.context === undefined ? work() : contexts.with(scope.context, work);

const neverThrowing = (scope: CallScope): CallScope => {
  let ended = false;
  const end = (act: () => void): void => {
    if (ended) return;
    ended = true;
    try {
      act();
    } catch (error) {
      diag.warn('The end of a decorated method could not be recorded', error);
    }
  };
  return {
    context: scope.context,
    succeed: () => end(() => scope.succeed()),
    fail: (error) => end(() => scope.fail(error)),
  };
};

/** A call whose method has returned. */
export interface FollowedCall {
  readonly scope: CallScope;
  /** The context that was active at the call. */
  readonly parent: Context;
  readonly begin: BeginScope;
}
