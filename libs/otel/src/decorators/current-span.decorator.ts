import { createParamDecorator } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import { contexts } from '../context/contexts.js';

/**
 * Gives a handler the span that is active when it is called: that of the HTTP request or gRPC call, or one that an
 * interceptor has started since. Works in whatever Nest calls with parameter decorators: HTTP, gRPC, messages.
 *
 * `undefined` where nothing is traced: a path in `http.ignore`, a transport whose messages carry no trace, an app
 * without `OtelModule`. So the type of the parameter is `Span | undefined`.
 *
 * @example
 * find(@Param('id') id: string, @CurrentSpan() span: Span | undefined) {
 *   span?.setAttribute('order.id', id);
 * }
 */
export const CurrentSpan: () => ParameterDecorator = createParamDecorator((): Span | undefined =>
  trace.getSpan(contexts.active()),
);
