import type { Meter } from '@opentelemetry/api';
import type { Ledger, SignalLedger } from './ledger.js';
import { DROP_REASONS } from './ledger-words.js';
import type { DropReason } from './ledger-words.js';
import { observing } from './observing.js';
import type { SelfMetricsLevel } from './observing.js';
import { ATTR_ERROR_TYPE, ITEM } from './semconv.js';
import { nextComponent } from './attributes.js';

interface ProcessorMetricsOptions {
  readonly ledger: Ledger;
  readonly level: SelfMetricsLevel;
  /** Default: traces and logs; metrics have no processor. */
  readonly signals?: readonly ('traces' | 'logs')[];
}

/** Reasons of items that never left the queue. The other reasons are the exporter's. */
const BEFORE_THE_EXPORTER: ReadonlySet<DropReason> = new Set<DropReason>([
  'queue_full',
  'already_shutdown',
  'too_large',
  'encode_failed',
]);

/**
 * `otel.sdk.processor.{span,log}.queue.size`, and `.processed` at the level `detailed`, read from the ledger when they are collected: nothing is paid
 * for an item. There is no `queue.capacity`: the queue is bounded in bytes, not in items. Returns how to stop; without a meter there is nothing to stop.
 * Source: semantic conventions, "OpenTelemetry SDK metrics".
 */
export function processorMetrics(
  meter: Meter | undefined,
  { ledger, level, signals = ['traces', 'logs'] }: ProcessorMetricsOptions,
): () => void {
  if (meter === undefined) return () => {};
  const stops = signals.map((signal) => {
    const { noun, unit, kind } = ITEM[signal];
    const attributes = nextComponent(`batching_${kind}_processor`);
    const prefix = `otel.sdk.processor.${noun}`;
    const size = meter.createObservableUpDownCounter(`${prefix}.queue.size`, { unit });
    if (level === 'basic') {
      return observing(meter, [size], (observe) =>
        observe(size, inQueue(ledger.snapshot()[signal]), attributes),
      );
    }
    const processed = meter.createObservableCounter(`${prefix}.processed`, { unit });
    return observing(meter, [size, processed], (observe) => {
      const counts = ledger.snapshot()[signal];
      observe(size, inQueue(counts), attributes);
      observe(processed, counts.handed, attributes);
      for (const reason of DROP_REASONS) {
        const dropped = counts.dropped[reason];
        if (dropped === undefined || !BEFORE_THE_EXPORTER.has(reason)) continue;
        observe(processed, dropped, { ...attributes, [ATTR_ERROR_TYPE]: reason });
      }
    });
  });
  return () => stops.forEach((stop) => stop());
}

function inQueue({ created, handed, dropped }: SignalLedger): number {
  let left = created - handed;
  for (const reason of BEFORE_THE_EXPORTER) left -= dropped[reason] ?? 0;
  return Math.max(0, left);
}
