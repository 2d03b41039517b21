import type { Meter, MeterProvider } from '@opentelemetry/api';
import { VERSION } from '@nestlens/otlp';

/** The meter for what `@nestlens/otlp` measures of itself: that package is the instrumentation scope. */
export const pipelineMeter = (meters: MeterProvider): Meter =>
  meters.getMeter('@nestlens/otlp', VERSION);
