/** Where an exception is told: on the span, as a log record, or both. */
export type ExceptionSignal = 'event' | 'log' | 'both';

/**
 * From `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN`: `logs`, `logs/dup`, or neither, which means span events.
 * [semantic conventions, exceptions]
 */
export const exceptionSignal = (
  variables: Readonly<Record<string, string | undefined>>,
): ExceptionSignal => {
  const words = (variables['OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN'] ?? '').split(',');
  const choices = words.map((word) => word.trim());
  if (choices.includes('logs/dup')) return 'both';
  return choices.includes('logs') ? 'log' : 'event';
};
