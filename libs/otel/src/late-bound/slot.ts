import type { Context } from '@opentelemetry/api';
import { diag } from '../api/diag.js';
import { contextOr, contexts } from '../context/contexts.js';
import { appOf } from './app-context.js';

/** Scopes kept for reuse; the SDK keeps its own without bound, so more than this is a mistake anyway. */
const MAX_HANDLES = 1000;

/** This is no provider, so that no handle takes it for its own. */
const SHARED = Symbol('nestlens.shared');

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
 * Holds the real providers of the running apps. While one app runs, handles compare the provider that they are bound
 * to with {@link LateBoundSlot.only}: one property read. From the second app on, each call goes to the provider of
 * the app whose context it is made in.
 */
export class LateBoundSlot<Provider extends object, Handle> {
  /** The provider of the first app, see `GlobalProviders.apps`; `undefined` while waiting. */
  provider: Provider | undefined;
  /**
   * Equals the provider above, unless {@link current} has to look at the context. That stays so until all apps have
   * left: work in the context of an ended app belongs to no other app.
   */
  only: Provider | typeof SHARED | undefined;
  readonly #byApp = new Map<object, Provider>();
  #hasShared = false;
  #taken: Provider | undefined;
  readonly #bindables = new Set<Bindable>();
  readonly #handles = new Map<string, Handle>();

  /** From now on every handle, old and new, works through `provider` for `app`. Replaces an earlier one of this app. */
  fill(provider: Provider, app: object = this): void {
    this.#byApp.set(app, provider);
    this.#hasShared ||= this.#byApp.size > 1;
    this.#settle();
  }

  /** Back to waiting, or to the apps that are left. */
  unfill(app: object = this): void {
    this.#byApp.delete(app);
    if (this.#byApp.size === 0) this.#hasShared = false;
    this.#settle();
  }

  /** Sets the order of apps for work outside of any call; apps that are not named stay behind. */
  arrange(apps: Iterable<object>): void {
    const before = new Map(this.#byApp);
    this.#byApp.clear();
    for (const app of [...apps, ...before.keys()]) {
      const provider = before.get(app);
      if (provider !== undefined && !this.#byApp.has(app)) this.#byApp.set(app, provider);
    }
    this.#settle();
  }

  /** Makes everything work through `provider`, for a recording in tests, until `undefined` is given. */
  take(provider: Provider | undefined): void {
    this.#taken = provider;
    this.#settle();
  }

  /** The provider for a call in `context`. Default: the active context. */
  current(context: Context | undefined): Provider | undefined {
    if (this.only !== SHARED) return this.only;
    const app = appOf(context === undefined ? contexts.active() : contextOr(context));
    return app === undefined ? this.provider : this.#byApp.get(app);
  }

  /** Calls `bind` now if filled, and at each later fill. */
  attach(bindable: Bindable): void {
    this.#bindables.add(bindable);
    if (this.provider !== undefined) orDiagnose('bind an instrument', () => bindable.bind());
  }

  detach(bindable: Bindable): void {
    if (!this.#bindables.delete(bindable) || this.provider === undefined) return;
    orDiagnose('release an instrument', () => bindable.unbind());
  }

  /** One handle per scope, so that asking again costs a look-up. */
  handle(key: string, make: () => Handle): Handle {
    const known = this.#handles.get(key);
    if (known !== undefined) return known;
    const made = make();
    if (this.#handles.size < MAX_HANDLES) this.#handles.set(key, made);
    return made;
  }

  /** An observer belongs to no request, so only the oldest app asks it. Otherwise each value would be there twice. */
  #settle(): void {
    const oldest = this.#taken ?? this.#byApp.values().next().value;
    this.only = this.#hasShared && this.#taken === undefined ? SHARED : oldest;
    if (oldest === this.provider) return;
    if (this.provider !== undefined) {
      for (const bindable of this.#bindables) {
        orDiagnose('release an instrument', () => bindable.unbind());
      }
    }
    this.provider = oldest;
    if (oldest === undefined) return;
    for (const bindable of this.#bindables) orDiagnose('bind an instrument', () => bindable.bind());
  }
}

/** The object behind a handle, by provider: two property reads and a comparison while the provider stays the same. */
export class Binding<Provider extends object, Target> {
  readonly #slot: LateBoundSlot<Provider, unknown>;
  readonly #make: (provider: Provider) => Target;
  readonly #waiting: Target;
  /** With all other providers; they are few, and go with their apps. */
  #others: WeakMap<Provider, Target> | undefined;
  #provider: Provider | undefined;
  #target: Target;

  constructor(
    slot: LateBoundSlot<Provider, unknown>,
    waiting: Target,
    make: (provider: Provider) => Target,
  ) {
    this.#slot = slot;
    this.#waiting = waiting;
    this.#target = waiting;
    this.#make = make;
  }

  /** The provider for a call in `context`. Default: the active context. */
  in(context: Context | undefined): Target {
    return this.#slot.only === this.#provider
      ? this.#target
      : this.with(this.#slot.current(context));
  }

  /** The object for work outside of any call. */
  oldest(): Target {
    return this.with(this.#slot.provider);
  }

  with(provider: Provider | undefined): Target {
    if (provider === this.#provider) return this.#target;
    const target =
      provider === undefined
        ? this.#waiting
        : (this.#others?.get(provider) ?? this.#make(provider));
    if (this.#provider !== undefined) {
      this.#others ??= new WeakMap();
      this.#others.set(this.#provider, this.#target);
    }
    this.#provider = provider;
    return (this.#target = target);
  }
}

export const scopeKey = (name: string, version = '', schemaUrl = ''): string =>
  version === '' && schemaUrl === '' ? name : `${name}\n${version}\n${schemaUrl}`;

const orDiagnose = (what: string, act: () => void): void => {
  try {
    act();
  } catch (error) {
    diag.error(`Could not ${what}`, error);
  }
};
