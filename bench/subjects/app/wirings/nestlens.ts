import { trace } from '@opentelemetry/api';
import { OtelLogger, OtelModule, Span } from '@nestlens/otel';
import { FLUSH } from '../wiring.js';
import type { Wiring } from '../wiring.js';

/** As the quick start of the README has it: everything on. */
export const wiring: Wiring = {
  imports: [OtelModule.forRoot({ service: { name: 'bench' } })],
  options: { bufferLogs: true },
  prepare: (app) => app.useLogger(app.get(OtelLogger)),
  span: () => Span(),
};

const flushing = {
  [FLUSH]: () =>
    (trace.getTracerProvider() as unknown as { forceFlush(): Promise<void> }).forceFlush(),
};
Object.assign(globalThis, flushing);
