import { defaultTextMapGetter, defaultTextMapSetter } from '@opentelemetry/api';
import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api';
import { readSlot } from '../api/api-global.js';
import { LateBoundSlot } from './slot.js';

/** A propagator that carries nothing, for an app whose context is not to travel. */
export const NO_PROPAGATOR: TextMapPropagator = {
  inject: () => {},
  extract: (context) => context,
  fields: () => [],
};

/**
 * The propagator of the app that a context belongs to. While no app has one, it is the registered propagator of another
 * SDK. Our own instrumentation uses it even if another SDK holds the API's: outgoing context has the format that the
 * options name.
 */
export class LateBoundPropagator implements TextMapPropagator {
  readonly #slot = new LateBoundSlot<TextMapPropagator, never>();

  fill(propagator: TextMapPropagator, app?: object): void {
    this.#slot.fill(propagator, app);
  }

  unfill(app?: object): void {
    this.#slot.unfill(app);
  }

  /** See `LateBoundSlot.arrange`. */
  arrange(apps: Iterable<object>): void {
    this.#slot.arrange(apps);
  }

  /** Replaces the propagator for a recording in tests. `undefined` restores it. */
  take(provider: TextMapPropagator | undefined): void {
    this.#slot.take(provider);
  }

  inject<Carrier>(
    context: Context,
    carrier: Carrier,
    setter: TextMapSetter<Carrier> = defaultTextMapSetter,
  ): void {
    this.#current(context).inject(context, carrier, setter);
  }

  extract<Carrier>(
    context: Context,
    carrier: Carrier,
    getter: TextMapGetter<Carrier> = defaultTextMapGetter,
  ): Context {
    return this.#current(context).extract(context, carrier, getter);
  }

  fields(): string[] {
    return this.#current(undefined).fields();
  }

  #current(context: Context | undefined): TextMapPropagator {
    const own = this.#slot.current(context);
    if (own !== undefined) return own;
    const registered = readSlot('propagation') as TextMapPropagator | undefined;
    return registered === undefined || registered === this ? NO_PROPAGATOR : registered;
  }
}
