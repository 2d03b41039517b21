import { logs, metrics, trace } from '@opentelemetry/api';
import type { LoggerProvider, MeterProvider, TracerProvider } from '@opentelemetry/api';

/** Whose provider the API hands out. `foreign`: another SDK registered first and keeps the signal. */
export type Owner = 'ours' | 'foreign';

interface StandIn<Provider> {
  fill(provider: Provider): void;
}

/** The API's global provider of one signal, as the API itself offers it. */
export interface ApiSlot<Provider> {
  /** What is registered now, without the API's own proxy around it. */
  read(): Provider | undefined;
  register(provider: Provider): void;
  clear(): void;
}

/** One signal's global provider, and our stand-in that goes in and out of it. */
export class GlobalSignal<Provider> {
  readonly #api: ApiSlot<Provider>;
  readonly #ours: StandIn<Provider> & Provider;
  #foreignAtClaim = false;

  constructor(api: ApiSlot<Provider>, ours: StandIn<Provider> & Provider) {
    this.#api = api;
    this.#ours = ours;
  }

  owner(): Owner {
    return this.#api.read() === this.#ours ? 'ours' : 'foreign';
  }

  install(): Owner {
    if (this.#api.read() === undefined) this.#api.register(this.#ours);
    return this.owner();
  }

  claim(): Owner {
    const current = this.#api.read();
    if (current === this.#ours) this.#api.clear();
    this.#foreignAtClaim = current !== this.#ours && current !== undefined;
    return this.#foreignAtClaim ? 'foreign' : 'ours';
  }

  /** `dressed` goes around a provider that is not foreign. */
  fillFromGlobal(dressed = (real: Provider): Provider => real): Owner {
    const real = this.#api.read();
    // A foreign provider keeps its place; filling makes handles that we gave out reach it.
    if (real !== undefined && real !== this.#ours) {
      this.#ours.fill(this.#foreignAtClaim ? real : dressed(real));
      if (!this.#foreignAtClaim) this.#api.clear();
    }
    return this.install();
  }
}

// The API refuses a second registration with an error line and has no way to ask first. Its slot on
// globalThis is how copies of the API find each other, and as stable as the major version.
const API_KEY = Symbol.for('opentelemetry.js.api.1');
type ApiGlobals = Partial<Record<'trace' | 'metrics' | 'logs', unknown>>;
const registered = (name: keyof ApiGlobals): boolean =>
  (globalThis as { [API_KEY]?: ApiGlobals })[API_KEY]?.[name] !== undefined;

export const traceSlot: ApiSlot<TracerProvider> = {
  read() {
    if (!registered('trace')) return undefined;
    const provider = trace.getTracerProvider() as TracerProvider & Partial<Delegating>;
    // The API always wraps what is registered in its own proxy, once.
    return provider.getDelegate?.() ?? provider;
  },
  register: (provider) => trace.setGlobalTracerProvider(provider),
  clear: () => trace.disable(),
};

interface Delegating {
  getDelegate(): TracerProvider;
}

export const metricsSlot: ApiSlot<MeterProvider> = {
  read: () => (registered('metrics') ? metrics.getMeterProvider() : undefined),
  register: (provider) => metrics.setGlobalMeterProvider(provider),
  clear: () => metrics.disable(),
};

export const logsSlot: ApiSlot<LoggerProvider> = {
  read: () => (registered('logs') ? logs.getLoggerProvider() : undefined),
  register: (provider) => logs.setGlobalLoggerProvider(provider),
  clear: () => logs.disable(),
};
