import type { Meter } from '@opentelemetry/api';
import type { Signal } from '../wire/model.js';
import { observing } from './observing.js';
import { ATTR_SIGNAL } from './semconv.js';

/** The client certificate with which signals are sent. */
interface ClientCertificate {
  readonly signals: readonly Signal[];
  /** In ms since 1970. */
  readonly expiresAt: number;
}

/**
 * `nestlens.otlp.certificate.expiry`, a gauge in `s`: when the client certificate (mTLS) of a signal ends, in seconds
 * since 1970, by `nestlens.otlp.signal`. An alert compares it with the time. Returns how to stop.
 *
 * @internal
 */
export function certificateMetrics(
  meter: Meter | undefined,
  certificates: () => readonly ClientCertificate[],
): () => void {
  if (meter === undefined) return () => {};
  const expiry = meter.createObservableGauge('nestlens.otlp.certificate.expiry', {
    unit: 's',
    description: 'Expiry of the client certificate of the export, in seconds since 1970.',
  });
  return observing(meter, [expiry], (observe) => {
    for (const { signals, expiresAt } of certificates()) {
      for (const signal of signals) {
        observe(expiry, Math.floor(expiresAt / 1000), { [ATTR_SIGNAL]: signal });
      }
    }
  });
}
