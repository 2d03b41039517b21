import { trace } from '@opentelemetry/api';
import { OtelLogger, OtelModule, Span } from '@nestlens/otel';
import { FLUSH } from '../wiring.js';
import type { Wiring } from '../wiring.js';

const { BENCH_TRACER: tracer } = process.env;

/** As the quick start of the README has it: everything on. The tracer is the default one where none is given. */
export const wiring: Wiring = {
  imports: [
    OtelModule.forRoot({
      service: { name: 'bench' },
      ...(tracer === 'sdk' && { traces: { tracer } }),
    }),
  ],
  options: { bufferLogs: true },
  prepare: (app) => app.useLogger(app.get(OtelLogger)),
  span: () => Span(),
};

const flushing = {
  [FLUSH]: () =>
    (trace.getTracerProvider() as unknown as { forceFlush(): Promise<void> }).forceFlush(),
};
Object.assign(globalThis, flushing);
