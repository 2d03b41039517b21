import { Injectable } from '@nestjs/common';

/** One line of the start-up report. */
type InventoryItem =
  | { readonly kind: 'instrumented'; readonly what: string; readonly detail: string }
  | { readonly kind: 'left-out'; readonly what: string; readonly why: string };

/** The instrumented parts, and the others with the reason. Rooms write it while they start; the report prints it. */
@Injectable()
export class Inventory {
  readonly #items = new Map<string, InventoryItem>();

  instrumented(what: string, detail: string): void {
    this.#items.set(what, { kind: 'instrumented', what, detail });
  }

  leftOut(what: string, why: string): void {
    if (this.#items.get(what)?.kind !== 'instrumented') {
      this.#items.set(what, { kind: 'left-out', what, why });
    }
  }

  items(): readonly InventoryItem[] {
    return [...this.#items.values()];
  }
}
