import { logs, propagation, trace } from '@opentelemetry/api';
import type { LoggerProvider, TextMapPropagator, TracerProvider } from '@opentelemetry/api';
import { requiredApis } from './api-copies.js';
import type { ApiHandles } from './api-copies.js';

/** The objects that the API keeps for the whole process, by its own names. */
export type ApiSlot = 'trace' | 'metrics' | 'logs' | 'context' | 'propagation' | 'diag';

type Shared = { version?: string } & Partial<Record<ApiSlot, unknown>>;

/*
 * All copies of `@opentelemetry/api` 1.x share one object. The first copy that registers anything makes it and writes
 * its own version into it. From then on
 *  - a copy of another version, be it a patch apart, is refused when it registers;
 *  - a copy reads nothing while the object's minor version is lower than its own.
 * So this file reads and writes the slots itself, and no other file does. [measured: api 1.0.4 to 1.10.0]
 */
const KEY = Symbol.for('opentelemetry.js.api.1');
const holder = globalThis as { [KEY]?: Shared };

/** Since this minor version tracers, spans, meters and instruments have all methods that the API has today. */
const SAME_CONTRACT_MINOR = 9;

/** The registered object, from any version of the API. `undefined` if nothing is registered. */
export const readSlot = (slot: ApiSlot): unknown => holder[KEY]?.[slot];

/** The version that the shared object names: that of the copy that made it. `undefined` before anybody registered. */
export const sharedVersion = (): string | undefined => holder[KEY]?.version;

/** Registers `value` if the slot is free. Returns whether `value` is registered now. */
export const takeSlot = (slot: ApiSlot, value: object): boolean => {
  const shared = (holder[KEY] ??= freshShared());
  // `Reflect` does not throw if another package froze the object.
  if (shared[slot] === undefined) Reflect.set(shared, slot, value);
  return shared[slot] === value;
};

/** Registers `value` in place of any other object. */
export const replaceSlot = (slot: ApiSlot, value: unknown): void => {
  Reflect.set((holder[KEY] ??= freshShared()), slot, value);
};

/** Empties the slot, if `value` holds it. */
export const leaveSlot = (slot: ApiSlot, value: object): void => {
  const shared = holder[KEY];
  if (shared?.[slot] === value) Reflect.deleteProperty(shared, slot);
};

/** Returns true if handles of our copy of the API, and of others of its version, see the registered objects. */
export const isReadable = (): boolean => {
  const version = sharedVersion();
  return version === undefined || minorOf(version) >= minorOf(ownVersion());
};

/**
 * Our handles do not read an object that an earlier version made. If it holds nothing whose contract has changed since,
 * this writes our version into it: our handles can read it then, and earlier handles still can. But the
 * earlier copy can register nothing more.
 */
export const makeReadable = (): void => {
  const shared = holder[KEY];
  if (shared?.version === undefined || isReadable()) return;
  const isOld = minorOf(shared.version) < SAME_CONTRACT_MINOR;
  if (isOld && (shared.trace !== undefined || shared.metrics !== undefined)) return;
  // Frozen, it stays as it is, and `isReadable` says so.
  Reflect.set(shared, 'version', ownVersion());
};

/**
 * Binds the tracers and loggers that a copy of the API returned before anything was registered. They depend on proxies
 * of that copy. This covers our copy and each copy that was loaded with `require`, such as those of an app in CommonJS.
 * It changes nothing if another SDK has bound these proxies, or is read through them.
 */
export const bindEarlyHandles = (
  tracers: TracerProvider,
  loggers: LoggerProvider,
  others: readonly ApiHandles[] = requiredApis(),
): void => {
  const { trace: tracersHeld, logs: loggersHeld } = holder[KEY] ?? {};
  const isFree = (held: unknown, ours: object): boolean =>
    held === undefined || held === ours || !isReadable();
  const takesTracers = isFree(tracersHeld, tracers);
  const takesLoggers = isFree(loggersHeld, loggers);
  for (const api of [{ trace, logs }, ...others]) {
    aside(() => {
      if (takesTracers && api.trace.getTracerProvider() !== tracersHeld) {
        api.trace.setGlobalTracerProvider(tracers);
      }
      if (takesLoggers) api.logs?.setGlobalLoggerProvider(loggers);
    });
  }
};

/** Runs `act` while nothing is registered. Returns the object that `act` registered, and restores the earlier one. */
const aside = (act: () => void): Shared => {
  const before = holder[KEY];
  delete holder[KEY];
  try {
    act();
    return holder[KEY] ?? {};
  } finally {
    if (before === undefined) delete holder[KEY];
    else holder[KEY] = before;
  }
};

const NOTHING: TextMapPropagator = {
  inject: () => {},
  extract: (context) => context,
  fields: () => [],
};

/** The shared object, made by our copy of the API, so that it carries the version of our copy. */
const freshShared = (): Shared => {
  const shared = aside(() => propagation.setGlobalPropagator(NOTHING));
  delete shared.propagation;
  return shared;
};

let own: string | undefined;
/** The version of the copy of the API that we use. */
export const ownVersion = (): string => (own ??= freshShared().version ?? '');

const minorOf = (version: string): number => Number(/^1\.(\d+)\./.exec(version)?.[1] ?? -1);
