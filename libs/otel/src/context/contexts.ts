import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Context, ContextManager } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { leaveSlot, readSlot, takeSlot } from '../api/api-global.js';
import { AsyncContextManager } from './async-context-manager.js';

/** `attach` came with API 1.10: managers of earlier SDKs do not have it. */
type HeldManager = Omit<ContextManager, 'attach'> & Partial<Pick<ContextManager, 'attach'>>;

// One for the process: it is registered by the first app and taken back by the last.
const OWN = new AsyncContextManager();

const manager = (): HeldManager => (readSlot('context') as HeldManager | undefined) ?? OWN;

/**
 * The active context, from the registered context manager. That is ours, or one of another SDK, registered with any
 * version of the API. All rooms ask here and not the API, which does not read the objects of an earlier version.
 */
export const contexts = {
  active: (): Context => manager().active(),

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return manager().with(context, fn, thisArg, ...args);
  },

  bind: <T>(context: Context, target: T): T => manager().bind(context, target),

  /**
   * Makes `context` active for the rest of this synchronous run and all that follows from it. Returns `false` if the
   * manager cannot do that, as in earlier SDKs. Then the work must run in {@link contexts.with}.
   */
  enter(context: Context): boolean {
    const held = manager();
    if (held === OWN) OWN.enter(context);
    else if (held.attach === undefined) return false;
    else held.attach(context);
    return true;
  },

  /** True if {@link contexts.enter} can enter a context. */
  canEnter(): boolean {
    const held = manager();
    return held === OWN || held.attach !== undefined;
  },

  /** Returns true if the manager is that of this package. */
  areOurs: (): boolean => manager() === OWN,

  /** Registers our context manager if none is registered. */
  register: (): boolean => takeSlot('context', OWN),

  /** Removes our manager, and with it the active context. The manager of another SDK stays. */
  unregister(): void {
    if (readSlot('context') !== OWN) return;
    leaveSlot('context', OWN);
    OWN.disable();
  },
};

/**
 * `given` if it is a context, else the active one: an app may pass anything, and a call on telemetry must not throw.
 */
export const contextOr = (given: unknown): Context => {
  try {
    const context = given as Context;
    if (typeof context.getValue === 'function' && typeof context.setValue === 'function') {
      return context;
    }
  } catch {
    // It is undefined, or a proxy that throws.
  }
  return contexts.active();
};

const SUPPRESSED = suppressTracing(ROOT_CONTEXT);

/**
 * Calls `work` in a context of its own, in which nothing is traced and no log record is made. Requests of exporters, of
 * their token functions and of health checks are no telemetry of the app. Timers, sockets and promises that `work` makes
 * keep that context. It works before an app registers a context manager, too.
 */
export const aside = <T>(work: () => T): T => contexts.with(SUPPRESSED, work);
