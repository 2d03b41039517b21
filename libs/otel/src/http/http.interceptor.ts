import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { context as contextApi } from '@opentelemetry/api';
import { Observable, tap } from 'rxjs';
import { guarded } from './fault-log.js';
import { serverRequestOfMessage } from './http-server.instrumentation.js';
import { serverRequestOf } from './server-context.js';
import type { ServerRequest } from './server-request.js';

const requestOf = (execution: ExecutionContext): ServerRequest | undefined => {
  const req = execution.getArgByIndex<{ readonly raw?: object }>(0);
  return serverRequestOfMessage(req.raw ?? req);
};

/**
 * Tells the span of an HTTP request its controller, its handler and what they threw. Brings the request's
 * context back where something before it (a middleware with callbacks of its own) lost it. Does nothing
 * in other kinds of context.
 */
@Injectable()
export class HttpInterceptor implements NestInterceptor {
  // oxlint-disable-next-line typescript/class-methods-use-this
  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (execution.getType() !== 'http') return next.handle();
    let request: ServerRequest | undefined;
    guarded('A handler could not be noted', () => {
      request = requestOf(execution);
      request?.handledBy(execution.getClass().name, execution.getHandler().name);
    });
    const found = request;
    if (found === undefined) return next.handle();
    const handled =
      serverRequestOf(contextApi.active()) === found
        ? next.handle()
        : within(found, () => next.handle());
    return handled.pipe(tap({ error: (thrown: unknown) => found.failed(thrown) }));
  }
}

const within = (request: ServerRequest, handle: () => Observable<unknown>): Observable<unknown> =>
  new Observable((subscriber) =>
    contextApi.with(request.context, () => handle().subscribe(subscriber)),
  );
