import type { Resource } from '@opentelemetry/resources';

/** Items held while a resource still looks for its attributes; more are dropped. */
const MAX_HELD = 2048;

/**
 * Lets items through once the attributes of their resource are known: detectors may still be asking when the first
 * span ends, and its bytes cannot be mended later. Closed at most once.
 */
export class ResourceGate<I extends { readonly resource: Resource }> {
  readonly #pass: (item: I) => void;
  readonly #onDrop: () => void;
  #held: I[] | undefined = [];
  #opening: Promise<void> | undefined;

  constructor(pass: (item: I) => void, onDrop: () => void) {
    this.#pass = pass;
    this.#onDrop = onDrop;
  }

  add(item: I): void {
    if (this.#held === undefined) {
      this.#pass(item);
      return;
    }
    if (this.#opening === undefined && item.resource.asyncAttributesPending !== true) {
      this.open();
      this.#pass(item);
      return;
    }
    this.#opening ??= this.#await(item.resource);
    if (this.#held.length < MAX_HELD) this.#held.push(item);
    else this.#onDrop();
  }

  /** Resolves when nothing is held back. */
  async opened(): Promise<void> {
    await this.#opening;
  }

  /** Lets everything through as it is. */
  open(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const item of held) this.#pass(item);
  }

  async #await(resource: Resource): Promise<void> {
    try {
      await resource.waitForAsyncAttributes?.();
    } catch {
      // A detector's fault: its attributes are missing, the items go on.
    }
    this.open();
  }
}
