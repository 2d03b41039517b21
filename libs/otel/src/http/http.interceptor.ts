import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { tap } from 'rxjs/operators';
import type { Observable } from 'rxjs';
import { serverRequestOfMessage } from './seen-request.js';

/**
 * Tells the span of an HTTP request the error of its handler's stream. {@link watchHandlers} puts it on
 * handlers of events only: once such a stream has begun, Nest reports its failure to the client and to no
 * filter. Does nothing in other kinds of context.
 */
@Injectable()
export class HttpInterceptor implements NestInterceptor {
  // oxlint-disable-next-line typescript/class-methods-use-this
  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (execution.getType() !== 'http') return next.handle();
    const req = execution.getArgByIndex<{ readonly raw?: object }>(0);
    const request = serverRequestOfMessage(req.raw ?? req);
    if (request === undefined) return next.handle();
    return next.handle().pipe(tap({ error: (thrown: unknown) => request.failed(thrown) }));
  }
}
