import { Injectable } from '@nestjs/common';
import type { NestMiddleware } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import type { ServerResponse } from 'node:http';

/** Sends the trace id to the caller, so that a complaint can name it. */
@Injectable()
export class TraceIdMiddleware implements NestMiddleware {
  use(_request: unknown, response: ServerResponse, next: () => void): void {
    const span = trace.getActiveSpan();
    if (span) {
      response.setHeader('x-trace-id', span.spanContext().traceId);
    }
    next();
  }
}
