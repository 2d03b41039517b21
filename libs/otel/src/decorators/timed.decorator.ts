import { ATTR_CODE_FUNCTION_NAME, ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import type { MetricDecoratorOptions } from './counted.decorator.js';
import { attributesOf } from './decorator-attributes.js';
import { decorate, qualifiedName } from './decorated-method.js';
import { exceptionType } from '../exceptions/exception-type.js';
import { methodInstrument } from './method-instrument.js';

/** The histogram of all methods whose `@Timed` has no name. */
const DEFAULT_NAME = 'nestlens.method.duration';
const MS_PER_SECOND = 1000;
/** The conventions' boundaries for durations in seconds. [semantic conventions, http metrics] */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * Records how long the calls of a method take, in seconds, with `error.type` where they failed. Without a
 * name all share the histogram `nestlens.method.duration`, told apart by `code.function.name`.
 *
 * @throws TypeError while the class is being defined, on anything but a method.
 */
export const Timed =
  (name?: string, options: MetricDecoratorOptions = {}): MethodDecorator =>
  (target, key, descriptor) => {
    const { attributes, ...metricOptions } = options;
    const own = name === undefined && { [ATTR_CODE_FUNCTION_NAME]: qualifiedName(target, key) };
    const duration = methodInstrument((meter) =>
      meter.createHistogram(name ?? DEFAULT_NAME, {
        unit: 's',
        advice: { explicitBucketBoundaries: BOUNDARIES },
        ...metricOptions,
      }),
    );
    decorate('@Timed', key, descriptor, ({ args }) => {
      const all = { ...own, ...attributesOf(attributes, args) };
      const start = performance.now();
      const seconds = (): number => (performance.now() - start) / MS_PER_SECOND;
      return {
        context: undefined,
        succeed: () => duration().record(seconds(), all),
        fail: (error) =>
          duration().record(seconds(), { ...all, [ATTR_ERROR_TYPE]: exceptionType(error) }),
      };
    });
  };
