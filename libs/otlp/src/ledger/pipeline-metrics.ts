import type { Meter } from '@opentelemetry/api';
import type { BreakerState } from '../layers/breaker-circuit.js';
import type { Signal } from '../wire/model.js';
import type { Ledger } from './ledger.js';
import { SIGNALS } from '../wire/model.js';
import { observing } from './observing.js';
import { ATTR_BREAKER_STATE, ATTR_ERROR_TYPE, ATTR_SIGNAL } from './semconv.js';
import { serverAttributes } from './attributes.js';
import type { Server } from './attributes.js';

const STATES = ['closed', 'open', 'half-open'] as const;

/** The breaker before one collector. */
export interface CollectorBreaker extends Server {
  /** The signals that go there. */
  readonly signals: readonly Signal[];
  readonly state: BreakerState['kind'];
}

/**
 * Metrics that the conventions have no name for, read from the ledger when collected: `nestlens.otlp.dropped` by `error.type`,
 * `nestlens.otlp.spooled`, `nestlens.otlp.possible_duplicates`, each by `nestlens.otlp.signal` in `{item}`; and
 * `nestlens.otlp.breaker`, 1 for the state that it is in and 0 for the others, by the signal that it holds back and its
 * collector: `server.address` and `server.port`. Returns how to stop.
 */
export function pipelineMetrics(
  meter: Meter | undefined,
  ledger: Ledger,
  breakers: () => readonly CollectorBreaker[] = () => [],
): () => void {
  if (meter === undefined) return () => {};
  const unit = '{item}';
  const dropped = meter.createObservableCounter('nestlens.otlp.dropped', { unit });
  const spooled = meter.createObservableUpDownCounter('nestlens.otlp.spooled', { unit });
  const doubled = meter.createObservableCounter('nestlens.otlp.possible_duplicates', { unit });
  const state = meter.createObservableUpDownCounter('nestlens.otlp.breaker', { unit: '1' });
  return observing(meter, [dropped, spooled, doubled, state], (observe) => {
    const counts = ledger.snapshot();
    for (const signal of SIGNALS) {
      const attributes = { [ATTR_SIGNAL]: signal };
      observe(spooled, counts[signal].spooled, attributes);
      observe(doubled, counts[signal].possibleDuplicates, attributes);
      for (const [reason, count] of Object.entries(counts[signal].dropped)) {
        observe(dropped, count, { ...attributes, [ATTR_ERROR_TYPE]: reason });
      }
    }
    for (const { signals, state: now, ...server } of breakers()) {
      for (const signal of signals) {
        // Two collectors may be at one address: the signal tells them apart.
        const attributes = { [ATTR_SIGNAL]: signal, ...serverAttributes(server) };
        for (const kind of STATES) {
          observe(state, kind === now ? 1 : 0, { ...attributes, [ATTR_BREAKER_STATE]: kind });
        }
      }
    }
  });
}
