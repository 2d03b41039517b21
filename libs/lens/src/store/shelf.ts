import type { Service } from './service.js';

/** An item of a shelf. It is linked in its service's list by last touch, and on the shelf by arrival. */
export abstract class ShelfItem<I> {
  bytes = 0;
  /** Arrival number on its shelf: unique, rising, never changed. */
  order = 0;
  /** Rises with each touch on the shelf: the smallest is the oldest. */
  touched = 0;
  list!: ServiceList<I>;
  older: I | undefined = undefined;
  newer: I | undefined = undefined;
  previous: I | undefined = undefined;
  next: I | undefined = undefined;
}

/** The items and the bytes of one service on one shelf. */
export class ServiceList<I> {
  readonly service: Service;
  bytes = 0;
  oldest: I | undefined = undefined;
  newest: I | undefined = undefined;

  constructor(service: Service) {
    this.service = service;
  }
}

/**
 * Keeps items within a number of bytes. It evicts the oldest item among the services that hold more than an equal
 * share, so that a noisy service evicts its own past and not that of others.
 */
export class Shelf<I extends ShelfItem<I>> {
  readonly maxBytes: number;
  readonly #onEvict: (item: I) => void;
  readonly #lists = new Map<Service, ServiceList<I>>();
  /** Lists that hold an item. */
  readonly #filled = new Set<ServiceList<I>>();
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

  listOf(service: Service): ServiceList<I> {
    let list = this.#lists.get(service);
    if (list === undefined) {
      list = new ServiceList(service);
      this.#lists.set(service, list);
    }
    return list;
  }

  forget(service: Service): void {
    this.#lists.delete(service);
  }

  put(item: I, list: ServiceList<I>): void {
    this.#arrivals += 1;
    item.order = this.#arrivals;
    item.previous = this.#newest;
    if (this.#newest !== undefined) this.#newest.next = item;
    this.#newest = item;
    this.#size += 1;
    this.#link(item, list);
  }

  /** The item grew (or shrank) by `bytes` and is now the youngest of `list`, which may be another list than before. */
  touch(item: I, bytes: number, list: ServiceList<I>): void {
    if (item.list.newest !== item || item.list !== list) {
      this.#unlink(item);
      this.#link(item, list);
    } else {
      this.#touches += 1;
      item.touched = this.#touches;
    }
    item.bytes += bytes;
    this.charge(list, bytes);
  }

  /** Bytes that belong to a service but to no single item. */
  charge(list: ServiceList<I>, bytes: number): void {
    list.bytes += bytes;
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
    this.#lists.clear();
    this.#filled.clear();
    this.#newest = undefined;
    this.#bytes = 0;
    this.#size = 0;
  }

  #choose(): I | undefined {
    const share = this.maxBytes / this.#filled.size;
    let oldest: I | undefined;
    let oldestOverShare: I | undefined;
    for (const list of this.#filled) {
      const candidate = list.oldest!;
      if (oldest === undefined || candidate.touched < oldest.touched) oldest = candidate;
      if (list.bytes <= share) continue;
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
    // A long-lived reference to one evicted item must not keep its neighbours alive.
    item.previous = undefined;
    item.next = undefined;
    this.#size -= 1;
  }

  #link(item: I, list: ServiceList<I>): void {
    this.#touches += 1;
    item.touched = this.#touches;
    item.list = list;
    item.newer = undefined;
    item.older = list.newest;
    if (list.newest === undefined) {
      list.oldest = item;
      this.#filled.add(list);
    } else {
      list.newest.newer = item;
    }
    list.newest = item;
    this.charge(list, item.bytes);
  }

  #unlink(item: I): void {
    const { list, older, newer } = item;
    if (older === undefined) list.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) list.newest = older;
    else newer.older = older;
    item.older = undefined;
    item.newer = undefined;
    if (list.oldest === undefined) this.#filled.delete(list);
    this.charge(list, -item.bytes);
  }
}
