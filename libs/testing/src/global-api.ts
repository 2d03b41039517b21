import { context, logs, metrics, propagation, trace } from '@opentelemetry/api';
import type {
  ContextManager,
  LoggerProvider,
  MeterProvider,
  TextMapPropagator,
  TracerProvider,
} from '@opentelemetry/api';
import type { TracerProviderOptions } from '@opentelemetry/sdk-trace';

export interface GlobalParts {
  readonly contextManager: ContextManager;
  readonly propagator: TextMapPropagator;
  readonly tracerProvider: TracerProvider;
  readonly meterProvider: MeterProvider;
  readonly loggerProvider: LoggerProvider;
}

/**
 * The providers that `@nestlens/otel` registers on import and that delegate to real ones later: see its
 * GlobalProviders.
 */
interface StandIns {
  readonly tracers: TracerProvider;
  readonly meters: MeterProvider;
  readonly loggers: LoggerProvider;
  fillWith(real: Omit<GlobalParts, 'contextManager'>): unknown;
  release(): void;
  /** Absent in versions that have no tracer of their own. */
  createTracerProvider?(options: TracerProviderOptions): RecordingTracerProvider;
}

/** A tracer provider that is closed when the recording ends. */
export interface RecordingTracerProvider extends TracerProvider {
  shutdown(): Promise<void>;
}

/** The provider of the tracer of `@nestlens/otel`; undefined if that is not loaded. */
export const ownTracerProvider = (
  options: TracerProviderOptions,
): RecordingTracerProvider | undefined =>
  (globalThis as { [STAND_INS]?: StandIns })[STAND_INS]?.createTracerProvider?.(options);

/** The global that every 1.x copy of `@opentelemetry/api` uses. */
const API = Symbol.for('opentelemetry.js.api.1');
const STAND_INS = Symbol.for('nestlens.otel.global-providers');

type Globals = Record<string, unknown>;
const APIS = { context, logs, metrics, propagation, trace };
const CONTEXT = ['context', 'propagation'];

/** Makes the parts global. Returns a function that restores the previous ones. */
export const takeGlobals = (parts: GlobalParts): (() => void) => {
  const standIns = (globalThis as { [STAND_INS]?: StandIns })[STAND_INS];
  if (standIns === undefined) return replace(Object.keys(APIS), parts);
  // Through these providers, tracers and instruments that were obtained earlier record too.
  const { tracers, meters, loggers } = standIns;
  const others = Object.entries({ trace: tracers, metrics: meters, logs: loggers }).filter(
    ([name, ours]) => {
      const held = globals()?.[name];
      return held !== undefined && held !== ours;
    },
  );
  const giveBack = replace([...CONTEXT, ...others.map(([name]) => name)], parts);
  standIns.fillWith(parts);
  return () => {
    standIns.release();
    giveBack();
  };
};

/** Replaces globals. The API can only remove a global; the returned function restores the previous ones. */
const replace = (names: readonly string[], parts: GlobalParts): (() => void) => {
  const before = registered(names);
  for (const name of Object.keys(before)) clear(name);
  const { contextManager, propagator, tracerProvider, meterProvider, loggerProvider } = parts;
  context.setGlobalContextManager(contextManager.enable());
  propagation.setGlobalPropagator(propagator);
  if (names.includes('trace')) trace.setGlobalTracerProvider(tracerProvider);
  if (names.includes('metrics')) metrics.setGlobalMeterProvider(meterProvider);
  if (names.includes('logs')) logs.setGlobalLoggerProvider(loggerProvider);
  return () => {
    for (const name of Object.keys(registered(names))) clear(name);
    contextManager.disable();
    Object.assign(globals() ?? {}, before);
  };
};

/**
 * `disable()` of an API also drops the proxy of earlier tracers, so it is called only if something is
 * registered. It would also disable a context manager that is not ours, so of a context manager only the entry
 * is removed.
 */
const clear = (name: string): void => {
  if (name === 'context') delete globals()?.[name];
  else APIS[name as keyof typeof APIS].disable();
};

const registered = (names: readonly string[]): Globals => {
  const found = globals() ?? {};
  return Object.fromEntries(
    names.filter((name) => found[name] !== undefined).map((name) => [name, found[name]]),
  );
};

const globals = (): Globals | undefined => (globalThis as { [API]?: Globals })[API];
