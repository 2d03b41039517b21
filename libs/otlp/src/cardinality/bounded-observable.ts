import type {
  BatchObservableCallback,
  BatchObservableResult,
  Meter,
  Observable,
  ObservableCallback,
} from '@opentelemetry/api';
import { ObservedRun } from './observed-run.js';
import type { Counting } from './observed-run.js';
import type { Observe, ObservedSets, Source } from './observed-sets.js';

/** An instrument of the SDK, with the sets that all instruments of its name share. */
interface Bounds {
  readonly real: Observable;
  readonly sets: ObservedSets;
  readonly counting: Counting;
  readonly refuse: (reason: unknown) => void;
}

/** An observed instrument whose callbacks never show the SDK more sets than it keeps apart. */
export class BoundedObservable implements Observable {
  readonly #bounds: Bounds;
  readonly #callbacks = new Map<ObservableCallback, Registered>();

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  addCallback(callback: ObservableCallback): void {
    if (this.#callbacks.has(callback)) return;
    const source = this.#bounds.sets.add();
    const bounded: ObservableCallback = (result) => {
      const run = runOf(this.#bounds, source, (value, attributes) =>
        result.observe(value, attributes),
      );
      const done = callback({ observe: (value, attributes) => run.observe(value, attributes) });
      return whenDone(done, () => run.end());
    };
    this.#callbacks.set(callback, { bounded, source });
    this.#bounds.real.addCallback(bounded);
  }

  removeCallback(callback: ObservableCallback): void {
    const registered = this.#callbacks.get(callback);
    if (registered === undefined) return;
    this.#callbacks.delete(callback);
    this.#bounds.sets.remove(registered.source);
    this.#bounds.real.removeCallback(registered.bounded);
  }

  /** `undefined` for an instrument that was not made here. */
  static boundsOf(observable: Observable): Bounds | undefined {
    return #bounds in observable ? observable.#bounds : undefined;
  }
}

interface Registered {
  readonly bounded: ObservableCallback;
  readonly source: Source;
}

/** The batch callbacks of one meter. */
export class BoundedBatches {
  readonly #meter: Meter;
  readonly #batches: Batch[] = [];

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  add(callback: BatchObservableCallback, observables: readonly Observable[]): void {
    if (this.#find(callback, observables) !== -1) return;
    const batch = new Batch(callback, new Set(observables));
    this.#batches.push(batch);
    this.#meter.addBatchObservableCallback(batch.bounded, batch.reals);
  }

  remove(callback: BatchObservableCallback, observables: readonly Observable[]): void {
    const at = this.#find(callback, observables);
    if (at === -1) return;
    for (const batch of this.#batches.splice(at, 1)) {
      batch.close();
      this.#meter.removeBatchObservableCallback(batch.bounded, batch.reals);
    }
  }

  #find(callback: BatchObservableCallback, observables: readonly Observable[]): number {
    const wanted = new Set(observables);
    return this.#batches.findIndex((batch) => batch.is(callback, wanted));
  }
}

class Batch {
  readonly #callback: BatchObservableCallback;
  readonly #observables: ReadonlySet<Observable>;
  readonly #sources = new Map<Observable, readonly [bounds: Bounds, source: Source]>();
  readonly reals: Observable[];

  constructor(callback: BatchObservableCallback, observables: ReadonlySet<Observable>) {
    this.#callback = callback;
    this.#observables = observables;
    for (const observable of observables) {
      const bounds = BoundedObservable.boundsOf(observable);
      if (bounds !== undefined) this.#sources.set(observable, [bounds, bounds.sets.add()]);
    }
    this.reals = [...observables].map(realOf);
  }

  is(callback: BatchObservableCallback, observables: ReadonlySet<Observable>): boolean {
    return (
      callback === this.#callback &&
      observables.size === this.#observables.size &&
      [...observables].every((observable) => this.#observables.has(observable))
    );
  }

  close(): void {
    for (const [{ sets }, source] of this.#sources.values()) sets.remove(source);
  }

  readonly bounded: BatchObservableCallback = (result) => {
    const runs = this.#begin(result);
    const translated: BatchObservableResult = {
      observe(observable, value, attributes) {
        const run = runs.get(observable);
        if (run === undefined) result.observe(realOf(observable), value, attributes);
        else run.observe(value, attributes);
      },
    };
    return whenDone(this.#callback(translated), () => {
      for (const run of runs.values()) run.end();
    });
  };

  #begin(result: BatchObservableResult): ReadonlyMap<Observable, ObservedRun> {
    const runs = new Map<Observable, ObservedRun>();
    for (const [observable, [bounds, source]] of this.#sources) {
      const observe: Observe = (value, attributes) =>
        result.observe(bounds.real, value, attributes);
      runs.set(observable, runOf(bounds, source, observe));
    }
    return runs;
  }
}

function realOf(observable: Observable): Observable {
  return BoundedObservable.boundsOf(observable)?.real ?? observable;
}

function runOf({ sets, counting, refuse }: Bounds, source: Source, observe: Observe): ObservedRun {
  return new ObservedRun(sets, source, counting, observe, refuse);
}

/** Runs synchronously if the callback is not asynchronous. */
function whenDone(done: void | Promise<void>, act: () => void): void | Promise<void> {
  return typeof done?.then === 'function' ? done.then(act) : act();
}
