import type { Resource, Scope } from '@nestlens/otlp/wire';
import type { Service } from './service.js';
import type { ServiceList, Shelf, ShelfItem } from './shelf.js';

/** The source of items: one resource and one scope, stored once for all their items of a signal. */
export interface Source<I> {
  /** Unique on its shelf for the life of the store. */
  readonly number: number;
  readonly key: string;
  readonly resource: Resource;
  readonly scope: Scope;
  /** `service.name`; `unknown_service` if the resource has none. */
  readonly serviceName: string;
  readonly instanceId: string;
  readonly service: Service;
  readonly list: ServiceList<I>;
  readonly bytes: number;
  /** Stored items that came from it. */
  items: number;
}

/** Sources of one shelf. Each is charged to its service while an item of it is stored. */
export class SourceTable<I extends ShelfItem<I>> {
  readonly #shelf: Shelf<I>;
  readonly #sources = new Map<string, Source<I>>();
  #added = 0;

  constructor(shelf: Shelf<I>) {
    this.#shelf = shelf;
  }

  get size(): number {
    return this.#sources.size;
  }

  get(key: string): Source<I> | undefined {
    return this.#sources.get(key);
  }

  add(source: Omit<Source<I>, 'number' | 'list' | 'items'>): Source<I> {
    this.#added += 1;
    const list = this.#shelf.listOf(source.service);
    const added = { ...source, number: this.#added, list, items: 0 };
    this.#sources.set(added.key, added);
    return added;
  }

  hold(source: Source<I>): void {
    if (source.items === 0) this.#shelf.charge(source.list, source.bytes);
    source.items += 1;
  }

  release(source: Source<I>): void {
    source.items -= 1;
    if (source.items > 0) return;
    this.#shelf.charge(source.list, -source.bytes);
    this.#sources.delete(source.key);
  }

  /** Forgets a source that has no stored item. */
  settle(source: Source<I>): void {
    if (source.items === 0) this.#sources.delete(source.key);
  }

  clear(): void {
    this.#sources.clear();
  }
}
