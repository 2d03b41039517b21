import { AsyncLocalStorage } from 'node:async_hooks';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Context, ContextManager } from '@opentelemetry/api';

const storage = new AsyncLocalStorage<Context>();

/** OpenTelemetry's context on AsyncLocalStorage. All instances share one storage. @internal */
export class AsyncContextManager implements ContextManager {
  active(): Context {
    return storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    const call = thisArg === undefined ? fn : fn.bind(thisArg);
    return storage.run(context, call, ...args);
  }

  bind<T>(context: Context, target: T): T {
    if (typeof target !== 'function') return target;
    const bound = function (this: unknown, ...args: unknown[]): unknown {
      return storage.run(context, () => Reflect.apply(target, this, args) as unknown);
    };
    Object.defineProperty(bound, 'length', { value: target.length, configurable: true });
    return bound as T;
  }

  /**
   * Makes `context` active for the rest of this synchronous run and all that follows from it. A server request needs
   * that, since it is not a function that could be wrapped.
   */
  enter(context: Context): void {
    storage.enterWith(context);
  }

  /** {@link enter} as the API has it, with a way back. */
  attach(context: Context): { dispose(): void } {
    const before = storage.getStore();
    storage.enterWith(context);
    let disposed = false;
    return {
      dispose() {
        if (disposed) return;
        disposed = true;
        // Outside every context the storage has no store at all.
        storage.enterWith(before ?? ROOT_CONTEXT);
      },
    };
  }

  enable(): this {
    return this;
  }

  disable(): this {
    storage.disable();
    return this;
  }
}
