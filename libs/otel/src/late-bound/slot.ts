import { diag } from '@opentelemetry/api';

/** Scopes kept for reuse; the SDK keeps its own without bound, so more than this is a mistake anyway. */
const MAX_HANDLES = 1000;

/** Something that must act when a provider arrives or leaves, such as an observed instrument. */
export interface Bindable {
  bind(): void;
  unbind(): void;
}

/** Identity of an instrumentation scope. */
export interface Scope<Options> {
  readonly name: string;
  readonly version: string | undefined;
  readonly options: Options | undefined;
}

/**
 * Where a real provider goes in and comes out again. Handles given out earlier compare the provider
 * that they are bound to with this one: one property read while nothing changes.
 */
export class LateBoundSlot<Provider, Handle> {
  /** `undefined` while waiting. */
  provider: Provider | undefined;
  readonly #bindables = new Set<Bindable>();
  readonly #handles = new Map<string, Handle>();

  /** From now on every handle, old and new, works through `provider`. Replaces an earlier one. */
  fill(provider: Provider): void {
    if (provider === this.provider) return;
    this.unfill();
    this.provider = provider;
    for (const bindable of this.#bindables) guarded('bind an instrument', () => bindable.bind());
  }

  /** Back to waiting: handles do nothing until the next {@link fill}. */
  unfill(): void {
    if (this.provider === undefined) return;
    for (const bindable of this.#bindables)
      guarded('release an instrument', () => bindable.unbind());
    this.provider = undefined;
  }

  /** Calls `bind` now if filled, and at each later fill. */
  attach(bindable: Bindable): void {
    this.#bindables.add(bindable);
    if (this.provider !== undefined) guarded('bind an instrument', () => bindable.bind());
  }

  detach(bindable: Bindable): void {
    if (!this.#bindables.delete(bindable) || this.provider === undefined) return;
    guarded('release an instrument', () => bindable.unbind());
  }

  /** One handle per scope, so that asking again costs a look-up. */
  handle(key: string, make: () => Handle): Handle {
    const known = this.#handles.get(key);
    if (known !== undefined) return known;
    const made = make();
    if (this.#handles.size < MAX_HANDLES) this.#handles.set(key, made);
    return made;
  }
}

export const scopeKey = (name: string, version = '', schemaUrl = ''): string =>
  version === '' && schemaUrl === '' ? name : `${name}\n${version}\n${schemaUrl}`;

const guarded = (what: string, act: () => void): void => {
  try {
    act();
  } catch (error) {
    diag.error(`Could not ${what}`, error);
  }
};
