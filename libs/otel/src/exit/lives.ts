import { contexts } from '../context/contexts.js';
import type { EngineStatus } from '../engine/engine.js';
import { recordCrash } from './crash-record.js';

/** The result of a flush of one app's telemetry. */
export interface FlushedTelemetry {
  /** `deadline`: something is still queued. */
  readonly kind: 'done' | 'deadline';
  /** `service.name`. */
  readonly service: string;
  readonly telemetry: EngineStatus;
}

/** The telemetry of one app, from its start to the end of its shutdown. Nothing of it throws or rejects. */
export interface Life {
  /** Sends all three signals. Resolves when they are settled, or soon after `signal` aborts. */
  flush(signal: AbortSignal): Promise<FlushedTelemetry>;
  /** Sends the remaining telemetry when Node has no more work. The process ends after that. */
  settle(): void;
  /** The process ends when this returns. */
  end(code: number): void;
}

/**
 * The apps of this process that have telemetry, and the ends of the process that no shutdown comes before. One listener
 * of each kind however many apps there are; none while there is no app.
 *
 * 1. `uncaughtExceptionMonitor`: the exception becomes a record. Handlers of the exception work as before.
 * 2. `beforeExit`: remaining telemetry is sent; Node waits for that.
 * 3. `exit`: a last attempt that gives the loop no turn, and one line for each app.
 */
class Lives {
  readonly #open = new Set<Life>();

  get all(): readonly Life[] {
    return [...this.#open];
  }

  /** Returns a function that removes the app once its shutdown has closed it. */
  add(life: Life): () => void {
    if (this.#open.size === 0) {
      process.on('uncaughtExceptionMonitor', this.#onCrash);
      process.on('beforeExit', this.#onIdle);
      // First, since another listener may call `process.exit()`, after which Node calls no more of them.
      process.prependListener('exit', this.#onExit);
    }
    this.#open.add(life);
    return () => this.#remove(life);
  }

  #remove(life: Life): void {
    if (!this.#open.delete(life) || this.#open.size > 0) return;
    process.off('uncaughtExceptionMonitor', this.#onCrash);
    process.off('beforeExit', this.#onIdle);
    process.off('exit', this.#onExit);
  }

  readonly #onCrash = (thrown: unknown, origin: NodeJS.UncaughtExceptionOrigin): void =>
    recordCrash(thrown, origin, contexts.active());

  readonly #onIdle = (): void => {
    for (const life of this.all) life.settle();
  };

  readonly #onExit = (code: number): void => {
    for (const life of this.all) life.end(code);
  };
}

// One for the process even if the package is there twice.
const HOLDER_KEY = Symbol.for('nestlens.otel.lives');
const holder = globalThis as { [HOLDER_KEY]?: Lives };

export const lives: Lives = (holder[HOLDER_KEY] ??= new Lives());
