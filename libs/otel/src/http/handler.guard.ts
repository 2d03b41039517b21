import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { contexts } from '../context/contexts.js';
import { warnOfFault } from '../faults/fault-log.js';
import { serverRequestOfMessage } from './http-server.instrumentation.js';
import { serverRequestOf } from './server-request.js';

/**
 * Tells the span of an HTTP request its controller and handler, and brings the request's context back where
 * a middleware with callbacks of its own lost it. Refuses nobody; does nothing in other kinds of context. A
 * global guard and no interceptor, since Nest's first interceptor costs a request half as much again.
 */
@Injectable()
export class HandlerGuard implements CanActivate {
  // oxlint-disable-next-line typescript/class-methods-use-this
  canActivate(execution: ExecutionContext): boolean {
    if (execution.getType() !== 'http') return true;
    try {
      note(execution);
    } catch (error) {
      warnOfFault('A handler could not be noted', error);
    }
    return true;
  }
}

const note = (execution: ExecutionContext): void => {
  const req = execution.getArgByIndex<{ readonly raw?: object }>(0);
  const request = serverRequestOfMessage(req.raw ?? req);
  if (request === undefined) return;
  request.handledBy(execution.getClass().name, execution.getHandler().name);
  if (serverRequestOf(contexts.active()) !== request) contexts.enter(request.context);
};
