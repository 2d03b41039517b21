import { context, logs, metrics, propagation, trace } from '@opentelemetry/api';

/** Where every 1.x copy of `@opentelemetry/api` keeps its globals. */
const API = Symbol.for('opentelemetry.js.api.1');
const APIS = { context, logs, metrics, propagation, trace };

type Globals = Record<string, unknown>;

/**
 * Clears the globals of the API, runs `install`, and returns what puts the former ones back. The API itself
 * can only forget them, which would switch off telemetry that was there before.
 */
export const takeGlobals = (install: () => void): (() => void) => {
  const before = snapshot();
  for (const name of Object.keys(before)) clear(name);
  install();
  return () => {
    for (const name of Object.keys(snapshot())) clear(name);
    Object.assign(globals() ?? {}, before);
  };
};

/**
 * `disable()` of an API also makes it forget the proxy that earlier tracers hang on, so it is called only where
 * something is registered. The context manager is not ours to disable: only its entry goes.
 */
const clear = (name: string): void => {
  if (name === 'context') delete globals()?.[name];
  else APIS[name as keyof typeof APIS].disable();
};

const snapshot = (): Globals => {
  const found = globals() ?? {};
  return Object.fromEntries(
    Object.keys(APIS)
      .filter((name) => found[name] !== undefined)
      .map((name) => [name, found[name]]),
  );
};

const globals = (): Globals | undefined => (globalThis as { [API]?: Globals })[API];
