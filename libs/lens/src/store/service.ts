import { SIGNALS } from '@nestlens/otlp/wire';
import { addCounts, createCounts, type CountsBySignal } from './counts.js';

/** One start of an app: the telemetry with one `service.instance.id`. */
export interface Run {
  /** `''` if the resource has no `service.instance.id`. */
  readonly instanceId: string;
  readonly firstSeenMs: number;
  lastSeenMs: number;
  spans: number;
  logRecords: number;
  points: number;
}

const MAX_RUNS = 20;

/** One `service.name`: its counts and its latest runs. */
export class Service {
  readonly name: string;
  readonly counts: CountsBySignal = createCounts();
  readonly #runs = new Map<string, Run>();

  constructor(name: string) {
    this.name = name;
  }

  /** The last 20 runs, in the order of their start. */
  get runs(): readonly Run[] {
    return [...this.#runs.values()];
  }

  run(instanceId: string, nowMs: number): Run {
    let run = this.#runs.get(instanceId);
    if (run === undefined) {
      run = {
        instanceId,
        firstSeenMs: nowMs,
        lastSeenMs: nowMs,
        spans: 0,
        logRecords: 0,
        points: 0,
      };
      this.#runs.set(instanceId, run);
      if (this.#runs.size > MAX_RUNS) this.#runs.delete(this.#runs.keys().next().value!);
    }
    run.lastSeenMs = nowMs;
    return run;
  }

  /** Counts all items as cleared, and forgets the runs. */
  clear(): void {
    this.#runs.clear();
    for (const signal of SIGNALS) {
      const counts = this.counts[signal];
      counts.cleared += counts.held;
      counts.held = 0;
    }
  }

  get isEmpty(): boolean {
    return SIGNALS.every((signal) => this.counts[signal].held === 0);
  }
}

/** The name under which further services are counted together. */
export const OTHER_SERVICES = '(other services)';

/**
 * The known services, at most `capacity` of them. When it is full, a service without stored items is removed and its
 * counts go to `(other services)`. If there is none, new services are counted there.
 */
export class ServiceTable {
  readonly #capacity: number;
  readonly #onForget: (service: Service) => void;
  readonly #services = new Map<string, Service>();
  readonly #others = new Service(OTHER_SERVICES);

  constructor(capacity: number, onForget: (service: Service) => void) {
    this.#capacity = capacity;
    this.#onForget = onForget;
  }

  of(name: string): Service {
    const known = this.#services.get(name);
    if (known !== undefined) return known;
    if (this.#services.size >= this.#capacity && !this.#makeRoom()) return this.#others;
    const service = new Service(name);
    this.#services.set(name, service);
    return service;
  }

  /** All services, and `(other services)` if it has counted anything. */
  *[Symbol.iterator](): IterableIterator<Service> {
    yield* this.#services.values();
    if (SIGNALS.some((signal) => this.#others.counts[signal].received > 0)) yield this.#others;
  }

  total(): CountsBySignal {
    const sum = createCounts();
    for (const service of this) addCounts(sum, service.counts);
    return sum;
  }

  #makeRoom(): boolean {
    for (const service of this.#services.values()) {
      if (!service.isEmpty) continue;
      this.#services.delete(service.name);
      addCounts(this.#others.counts, service.counts);
      this.#onForget(service);
      return true;
    }
    return false;
  }
}
