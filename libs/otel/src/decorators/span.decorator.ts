import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Span as ApiSpan, SpanOptions } from '@opentelemetry/api';
import { ATTR_CODE_FUNCTION_NAME, ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import { exceptionAttributes } from '../logging/exception-attributes.js';
import { ownTracer } from '../telemetry.js';
import type { CallScope } from './call-scope.js';
import { attributesOf } from './decorator-attributes.js';
import type { DecoratorAttributes } from './decorator-attributes.js';
import { decorate, qualifiedName } from './decorated-method.js';
import { errorType, isClientFault } from './failure.js';

/** OpenTelemetry's span options; the attributes may be a function of the arguments. */
export type SpanDecoratorOptions = Omit<SpanOptions, 'attributes'> & {
  attributes?: DecoratorAttributes;
};

const MAX_STATUS_CHARS = 1024;
const EXCEPTION_EVENT = 'exception';

/**
 * Runs a method in a span of its own. Default name: `Class.method`, also kept as `code.function.name`.
 *
 * The span ends when the work does: a promise settles, an Observable completes, fails or is left, a
 * generator returns, throws or is broken off. What is thrown is recorded once per trace, sets status ERROR
 * and `error.type`, and goes on unchanged. Nest's HttpExceptions of 4xx do none of that: they
 * stand for an outcome. [semantic conventions, recording errors]
 *
 * @throws TypeError while the class is being defined, on anything but a method.
 */
export const Span =
  (name?: string, options: SpanDecoratorOptions = {}): MethodDecorator =>
  (target, key, descriptor) => {
    const functionName = qualifiedName(target, key);
    const spanName = name ?? functionName;
    const { attributes, ...spanOptions } = options;
    decorate('@Span', key, descriptor, ({ args, parent }) => {
      const span = ownTracer().startSpan(
        spanName,
        {
          ...spanOptions,
          attributes: {
            [ATTR_CODE_FUNCTION_NAME]: functionName,
            ...attributesOf(attributes, args),
          },
        },
        parent,
      );
      return spanScope(span, trace.setSpan(parent, span));
    });
  };

const spanScope = (span: ApiSpan, active: Context): CallScope => ({
  context: active,
  succeed: () => span.end(),
  fail(error) {
    if (span.isRecording() && !isClientFault(error)) recordFailure(span, error);
    span.end();
  },
});

const recordFailure = (span: ApiSpan, error: unknown): void => {
  const exception = exceptionAttributes(error);
  if (isFirstInTrace(error, span)) span.addEvent(EXCEPTION_EVENT, exception);
  const message = exception['exception.message'];
  span.setAttribute(ATTR_ERROR_TYPE, errorType(error));
  span.setStatus({
    code: SpanStatusCode.ERROR,
    ...(typeof message === 'string' && { message: message.slice(0, MAX_STATUS_CHARS) }),
  });
};

// An error passes through many spans on its way up; the innermost has said it all.
const recordedIn = new WeakMap<object, string>();

const isFirstInTrace = (error: unknown, span: ApiSpan): boolean => {
  if (typeof error !== 'object' || error === null) return true;
  const { traceId } = span.spanContext();
  if (recordedIn.get(error) === traceId) return false;
  recordedIn.set(error, traceId);
  return true;
};
