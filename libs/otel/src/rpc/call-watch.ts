import { types } from 'node:util';
import { UseInterceptors } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { tap } from 'rxjs/operators';
import type { Observable } from 'rxjs';
import { contexts } from '../context/contexts.js';
import { exceptionWatch, lacks, watchClass, watchMethod } from '../exceptions/exception-watch.js';
import { activeCallOf, noteException } from './active-call.js';
import type { RpcHandler } from './handler-table.js';

// Keys of the metadata of Nest's own decorator, and of the compiler's; the constants of Nest moved between 11 and 12.
const INTERCEPTORS = '__interceptors__';
const RETURN_TYPE = 'design:returntype';

const watch = exceptionWatch(noteException);

/** It knows no app and does nothing outside a traced call, so a method may keep it. */
const streamWatch: NestInterceptor = {
  intercept(_execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const call = activeCallOf(contexts.active());
    if (call === undefined) return next.handle();
    return next.handle().pipe(tap({ error: (error: unknown) => call.failed(error, Date.now()) }));
  },
};

/** Whether a handler returns an Observable by its declared type, or may do so, since it declares none. */
const mayReturnObservable = (prototype: object, name: string, method: object): boolean => {
  if (types.isAsyncFunction(method)) return false;
  const type: unknown = Reflect.getMetadata(RETURN_TYPE, prototype, name);
  if (type === undefined) return true;
  const made = (type as { readonly prototype?: { readonly subscribe?: unknown } }).prototype;
  return typeof made?.subscribe === 'function';
};

/**
 * Lets the span of a gRPC call see what reached Nest's exception layer. A filter that never matches stands last at each
 * controller of gRPC, and at methods that have filters of their own: microservices of a hybrid app inherit no global
 * one unless told so. It costs nothing in a call that succeeds. A handler that returns an Observable gets an
 * interceptor too, since a source that many calls share may fail in the context of any. To be called before Nest
 * builds the first listener, which `connectMicroservice` does at once. Safe twice.
 */
export const watchCalls = (handlers: Iterable<RpcHandler>): void => {
  for (const { controller, method: name } of handlers) {
    const prototype = controller.prototype as object;
    const method = (prototype as Readonly<Record<string, object>>)[name];
    if (method === undefined) continue;
    watchClass(controller, watch, true);
    watchMethod(prototype, name, watch);
    if (mayReturnObservable(prototype, name, method) && lacks(INTERCEPTORS, method, streamWatch)) {
      UseInterceptors(streamWatch)(prototype, name, { value: method });
    }
  }
};
