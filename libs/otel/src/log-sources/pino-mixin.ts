import { isSpanContextValid, trace } from '@opentelemetry/api';
import { contexts } from '../context/contexts.js';

/** The ids of a trace as fields of a line. [OpenTelemetry, trace context in non-OTLP log formats] */
export interface TraceFields {
  trace_id?: string;
  span_id?: string;
  trace_flags?: string;
}

/**
 * For pino's option `mixin`: puts `trace_id`, `span_id` and `trace_flags` of the active span into each line. Empty
 * outside of a trace. For the line alone: its log record has its trace without it.
 *
 *     LoggerModule.forRoot({ pinoHttp: { mixin: pinoTraceMixin } })
 */
export const pinoTraceMixin = (): TraceFields => {
  const span = trace.getSpanContext(contexts.active());
  if (span === undefined || !isSpanContextValid(span)) return {};
  const flags = span.traceFlags.toString(16).padStart(2, '0');
  return { trace_id: span.traceId, span_id: span.spanId, trace_flags: flags };
};
