import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { tap } from 'rxjs/operators';
import type { Observable } from 'rxjs';
import { contexts } from '../context/contexts.js';
import { activeCallOf } from './active-call.js';

const watch = (execution: ExecutionContext, next: CallHandler): Observable<unknown> => {
  if (execution.getType() !== 'rpc') return next.handle();
  const call = activeCallOf(contexts.active());
  if (!call || call.watched) return next.handle();
  call.watched = true;
  return next.handle().pipe(tap({ error: (error: unknown) => call.failed(error) }));
};

/**
 * Hands an exception of a gRPC handler, with its stack, to the call's span, before an exception filter turns it
 * into a status. Register it as APP_INTERCEPTOR; in other contexts it does nothing.
 */
@Injectable()
export class RpcInterceptor implements NestInterceptor {
  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return watch(execution, next);
  }
}

/**
 * This interceptor is for controllers of a hybrid app whose gRPC server does not inherit the app's enhancers. It knows
 * no app and does nothing outside a traced call, so a controller class may keep it.
 */
export const callWatcher: NestInterceptor = { intercept: watch };
