import type { OnApplicationShutdown } from '@nestjs/common';
import type { Observable, ObservableCallback } from '@opentelemetry/api';
import type { AppTelemetry } from '../late-bound/app-telemetry.js';

/**
 * An observable instrument with a callback that holds injected services. The callback goes with the app:
 * after the last collection, which OtelModule makes when all other hooks have run.
 */
export class ObservedInstrument implements Observable, OnApplicationShutdown {
  readonly #instrument: Observable;
  readonly #callback: ObservableCallback;
  /** `undefined` in an app without OtelModule. */
  readonly #app: AppTelemetry | undefined;

  constructor(instrument: Observable, callback: ObservableCallback, app: AppTelemetry | undefined) {
    this.#app = app;
    this.#instrument = instrument;
    this.#callback = callback;
    instrument.addCallback(callback);
  }

  addCallback(callback: ObservableCallback): void {
    this.#instrument.addCallback(callback);
  }

  removeCallback(callback: ObservableCallback): void {
    this.#instrument.removeCallback(callback);
  }

  onApplicationShutdown(): void {
    const remove = (): void => this.#instrument.removeCallback(this.#callback);
    if (this.#app?.isRunning === true) this.#app.onEnd(remove);
    else remove();
  }
}
