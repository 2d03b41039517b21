import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { warnOfFault } from '../faults/fault-log.js';
import { bringBack } from './seen-request.js';

/**
 * Tells the span of an HTTP request its controller and handler, and brings the request's context back where
 * a middleware with callbacks of its own lost it. Refuses nobody; does nothing in other kinds of context. Global in
 * apps whose routes do not tell all handlers, see `HandlerRoutes`. A guard and no interceptor, since Nest's first
 * interceptor costs a request half as much again.
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
  bringBack(req.raw ?? req)?.handledBy(execution.getClass().name, execution.getHandler().name);
};
