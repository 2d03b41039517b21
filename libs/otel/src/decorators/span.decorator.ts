import { SeverityNumber, trace } from '@opentelemetry/api';
import type { Context, Span as ApiSpan, SpanOptions } from '@opentelemetry/api';
import { ATTR_CODE_FUNCTION_NAME } from '@opentelemetry/semantic-conventions';
import { isClientFault } from '../exceptions/nest-outcome.js';
import { failSpan, recordException } from '../exceptions/record-exception.js';
import type { ExceptionNote } from '../exceptions/record-exception.js';
import { EVENT_EXCEPTION } from '../exceptions/semconv.js';
import { ownTracer } from '../late-bound/own-telemetry.js';
import type { CallScope } from './call-scope.js';
import { attributesOf } from './decorator-attributes.js';
import type { DecoratorAttributes } from './decorator-attributes.js';
import { decorate, qualifiedName } from './decorated-method.js';

/** OpenTelemetry's span options; the attributes may be a function of the arguments. */
export type SpanDecoratorOptions = Omit<SpanOptions, 'attributes'> & {
  attributes?: DecoratorAttributes;
};

// A decorator knows no settings. A record would be one of many on the way up; the request's own record has it.
const NOTE: ExceptionNote = {
  signal: 'event',
  eventName: EVENT_EXCEPTION,
  severity: SeverityNumber.ERROR,
};

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
  (target, key, descriptor) =>
    decorateWithSpan('@Span', target, key, descriptor, name, options);

/** The work of `@Span`, under the name of the `decorator` that asks for it. */
export const decorateWithSpan = (
  decorator: string,
  target: object,
  key: string | symbol,
  descriptor: PropertyDescriptor | undefined,
  name?: string,
  { attributes, ...spanOptions }: SpanDecoratorOptions = {},
): void => {
  const functionName = qualifiedName(target, key);
  const spanName = name ?? functionName;
  decorate(decorator, key, descriptor, ({ args, parent }) => {
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
    if (span.isRecording() && !isClientFault(error)) {
      recordException(span, active, error, NOTE);
      failSpan(span, error);
    }
    span.end();
  },
});
