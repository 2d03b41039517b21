import type { Service } from './service.js';

/** What a shelf keeps: linked in its lane by last touch, and on the shelf by arrival. */
export abstract class ShelfItem<I> {
  bytes = 0;
  /** Arrival number on its shelf: unique, rising, never changed. */
  order = 0;
  /** Rises with each touch on the shelf: the smallest is the oldest. */
  touched = 0;
  lane!: Lane<I>;
  older: I | undefined = undefined;
  newer: I | undefined = undefined;
  previous: I | undefined = undefined;
  next: I | undefined = undefined;
}

/** The items and the bytes of one service on one shelf. */
export class Lane<I> {
  readonly service: Service;
  bytes = 0;
  oldest: I | undefined = undefined;
  newest: I | undefined = undefined;

  constructor(service: Service) {
    this.service = service;
  }
}

/**
 * Keeps items within a number of bytes. What has to go is the oldest item among the services which
 * hold more than an equal share, so that a noisy service pushes out its own past and not the others'.
 */
export class Shelf<I extends ShelfItem<I>> {
  readonly maxBytes: number;
  readonly #onEvict: (item: I) => void;
  readonly #lanes = new Map<Service, Lane<I>>();
  /** Lanes that hold an item. */
  readonly #filled = new Set<Lane<I>>();
  #newest: I | undefined;
  #bytes = 0;
  #size = 0;
  #arrivals = 0;
  #touches = 0;

  constructor(maxBytes: number, onEvict: (item: I) => void) {
    this.maxBytes = maxBytes;
    this.#onEvict = onEvict;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#size;
  }

  /** From the latest arrival to the first. */
  get newest(): I | undefined {
    return this.#newest;
  }

  lane(service: Service): Lane<I> {
    let lane = this.#lanes.get(service);
    if (lane === undefined) {
      lane = new Lane(service);
      this.#lanes.set(service, lane);
    }
    return lane;
  }

  forgetLane(service: Service): void {
    this.#lanes.delete(service);
  }

  put(item: I, lane: Lane<I>): void {
    this.#arrivals += 1;
    item.order = this.#arrivals;
    item.previous = this.#newest;
    if (this.#newest !== undefined) this.#newest.next = item;
    this.#newest = item;
    this.#size += 1;
    this.#link(item, lane);
  }

  /** The item grew (or shrank) by `bytes` and is now the youngest of `lane`, which may be another. */
  touch(item: I, bytes: number, lane: Lane<I>): void {
    if (item.lane.newest !== item || item.lane !== lane) {
      this.#unlink(item);
      this.#link(item, lane);
    } else {
      this.#touches += 1;
      item.touched = this.#touches;
    }
    item.bytes += bytes;
    this.charge(lane, bytes);
  }

  /** Bytes that belong to a service and to no single item. */
  charge(lane: Lane<I>, bytes: number): void {
    lane.bytes += bytes;
    this.#bytes += bytes;
  }

  /** Evicts until the shelf is within its bytes again. */
  trim(): void {
    while (this.#bytes > this.maxBytes) {
      const item = this.#choose();
      if (item === undefined) return;
      this.#remove(item);
      this.#onEvict(item);
    }
  }

  clear(): void {
    this.#lanes.clear();
    this.#filled.clear();
    this.#newest = undefined;
    this.#bytes = 0;
    this.#size = 0;
  }

  #choose(): I | undefined {
    const share = this.maxBytes / this.#filled.size;
    let oldest: I | undefined;
    let oldestOverShare: I | undefined;
    for (const lane of this.#filled) {
      const candidate = lane.oldest!;
      if (oldest === undefined || candidate.touched < oldest.touched) oldest = candidate;
      if (lane.bytes <= share) continue;
      if (oldestOverShare === undefined || candidate.touched < oldestOverShare.touched) {
        oldestOverShare = candidate;
      }
    }
    return oldestOverShare ?? oldest;
  }

  #remove(item: I): void {
    this.#unlink(item);
    const { previous, next } = item;
    if (previous !== undefined) previous.next = next;
    if (next === undefined) this.#newest = previous;
    else next.previous = previous;
    // A long-lived holder of one evicted item must not keep its neighbours alive.
    item.previous = undefined;
    item.next = undefined;
    this.#size -= 1;
  }

  #link(item: I, lane: Lane<I>): void {
    this.#touches += 1;
    item.touched = this.#touches;
    item.lane = lane;
    item.newer = undefined;
    item.older = lane.newest;
    if (lane.newest === undefined) {
      lane.oldest = item;
      this.#filled.add(lane);
    } else {
      lane.newest.newer = item;
    }
    lane.newest = item;
    this.charge(lane, item.bytes);
  }

  #unlink(item: I): void {
    const { lane, older, newer } = item;
    if (older === undefined) lane.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) lane.newest = older;
    else newer.older = older;
    item.older = undefined;
    item.newer = undefined;
    if (lane.oldest === undefined) this.#filled.delete(lane);
    this.charge(lane, -item.bytes);
  }
}
