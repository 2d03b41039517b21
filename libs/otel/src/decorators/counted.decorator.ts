import type { MetricOptions } from '@opentelemetry/api';
import { ATTR_CODE_FUNCTION_NAME, ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import { attributesOf } from './decorator-attributes.js';
import type { DecoratorAttributes } from './decorator-attributes.js';
import { decorate, qualifiedName } from './decorated-method.js';
import { exceptionType } from '../exceptions/exception-type.js';
import { methodInstrument } from './method-instrument.js';

/** OpenTelemetry's metric options, and attributes, which should have few values. */
export type MetricDecoratorOptions = MetricOptions & { attributes?: DecoratorAttributes };

/** The counter of all methods whose `@Counted` has no name. */
const DEFAULT_NAME = 'nestlens.method.calls';

/**
 * Counts the calls of a method when they end, with `error.type` where they failed. Without a name all
 * share the counter `nestlens.method.calls`, told apart by `code.function.name`.
 *
 * @throws TypeError while the class is being defined, on anything but a method.
 */
export const Counted =
  (name?: string, options: MetricDecoratorOptions = {}): MethodDecorator =>
  (target, key, descriptor) => {
    const { attributes, ...metricOptions } = options;
    const own = name === undefined && { [ATTR_CODE_FUNCTION_NAME]: qualifiedName(target, key) };
    const counter = methodInstrument((meter) =>
      meter.createCounter(name ?? DEFAULT_NAME, { unit: '{call}', ...metricOptions }),
    );
    decorate('@Counted', key, descriptor, ({ args }) => {
      const all = { ...own, ...attributesOf(attributes, args) };
      return {
        context: undefined,
        succeed: () => counter().add(1, all),
        fail: (error) => counter().add(1, { ...all, [ATTR_ERROR_TYPE]: exceptionType(error) }),
      };
    });
  };
