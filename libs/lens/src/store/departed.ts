/**
 * Remembers the traces that were evicted last, so that a late span does not bring back half a trace, and a link to an
 * evicted trace is answered with the time of its eviction.
 */
export class DepartedTraces {
  readonly #capacity: number;
  readonly #whenMs = new Map<string, number>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(traceId: string, nowMs: number): void {
    this.#whenMs.set(traceId, nowMs);
    if (this.#whenMs.size > this.#capacity) this.#whenMs.delete(this.#whenMs.keys().next().value!);
  }

  whenMs(traceId: string): number | undefined {
    return this.#whenMs.size === 0 ? undefined : this.#whenMs.get(traceId);
  }

  clear(): void {
    this.#whenMs.clear();
  }
}
