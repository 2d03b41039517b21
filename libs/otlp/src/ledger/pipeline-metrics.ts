import type { Meter } from '@opentelemetry/api';
import type { BreakerView } from '../layers/breaker.js';
import type { Ledger } from './ledger.js';
import { SIGNALS } from './ledger-words.js';
import { observing } from './observing.js';
import { ATTR_BREAKER_STATE, ATTR_ERROR_TYPE, ATTR_SIGNAL } from './semconv.js';

const STATES = ['closed', 'open', 'half-open'] as const;

/**
 * What the conventions have no name for, read from the ledger when collected: `nestlens.otlp.dropped` by `error.type`,
 * `nestlens.otlp.spooled`, `nestlens.otlp.possible_duplicates`, each by `nestlens.otlp.signal` in `{item}`; and
 * `nestlens.otlp.breaker`, 1 for the state that it is in and 0 for the others. Returns how to stop.
 */
export const pipelineMetrics = (
  meter: Meter | undefined,
  ledger: Ledger,
  breaker?: Pick<BreakerView, 'state'>,
): (() => void) => {
  if (meter === undefined) return () => {};
  const unit = '{item}';
  const dropped = meter.createObservableCounter('nestlens.otlp.dropped', { unit });
  const spooled = meter.createObservableUpDownCounter('nestlens.otlp.spooled', { unit });
  const doubled = meter.createObservableCounter('nestlens.otlp.possible_duplicates', { unit });
  const state = meter.createObservableUpDownCounter('nestlens.otlp.breaker', { unit: '1' });
  return observing(meter, [dropped, spooled, doubled, state], (observe) => {
    const books = ledger.snapshot();
    for (const signal of SIGNALS) {
      const attributes = { [ATTR_SIGNAL]: signal };
      observe(spooled, books[signal].spooled, attributes);
      observe(doubled, books[signal].possibleDuplicates, attributes);
      for (const [reason, count] of Object.entries(books[signal].dropped)) {
        observe(dropped, count, { ...attributes, [ATTR_ERROR_TYPE]: reason });
      }
    }
    const now = breaker?.state().kind;
    if (now === undefined) return;
    for (const kind of STATES) observe(state, kind === now ? 1 : 0, { [ATTR_BREAKER_STATE]: kind });
  });
};
