import { trace } from '@opentelemetry/api';

/** This tracer comes from the app's own copy of the API, before `@nestlens/otel` is loaded. */
export const earlyTracer = trace.getTracer('app');
