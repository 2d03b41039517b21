import type { Meter } from '@opentelemetry/api';
import type { BreakerState } from '../layers/breaker-circuit.js';
import type { Signal } from '../wire/model.js';
import type { Ledger } from './ledger.js';
import { SIGNALS } from '../wire/model.js';
import { observing } from './observing.js';
import type { SelfMetricsLevel } from './observing.js';
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

interface PipelineMetricsOptions {
  readonly ledger: Ledger;
  readonly level: SelfMetricsLevel;
  /** There is a spool. */
  readonly isSpooling: boolean;
  /** Default: none. */
  readonly breakers?: () => readonly CollectorBreaker[];
}

/**
 * Metrics that the conventions have no name for, read from the ledger when collected: `nestlens.otlp.dropped` by `error.type`,
 * `nestlens.otlp.spooled`, `nestlens.otlp.possible_duplicates`, each by `nestlens.otlp.signal` in `{item}`; and
 * `nestlens.otlp.breaker`, 1 for the state that it is in and 0 for the others, by the signal that it holds back and its
 * collector: `server.address` and `server.port`. At the level `basic` a count or state that never was is left out, and
 * `spooled` without a spool. Returns how to stop.
 */
export function pipelineMetrics(
  meter: Meter | undefined,
  { ledger, level, isSpooling, breakers = () => [] }: PipelineMetricsOptions,
): () => void {
  if (meter === undefined) return () => {};
  const isDetailed = level === 'detailed';
  /** States that a breaker of this signal has been in, which are told as 0 from then on. */
  const seen = new Map<Signal, Set<string>>();
  function known(signal: Signal, now: string): readonly (typeof STATES)[number][] {
    if (isDetailed) return STATES;
    const states = seen.get(signal) ?? new Set();
    seen.set(signal, states.add(now));
    return STATES.filter((state) => states.has(state));
  }
  const unit = '{item}';
  const dropped = meter.createObservableCounter('nestlens.otlp.dropped', { unit });
  const spooled = meter.createObservableUpDownCounter('nestlens.otlp.spooled', { unit });
  const doubled = meter.createObservableCounter('nestlens.otlp.possible_duplicates', { unit });
  const state = meter.createObservableUpDownCounter('nestlens.otlp.breaker', { unit: '1' });
  return observing(meter, [dropped, spooled, doubled, state], (observe) => {
    const counts = ledger.snapshot();
    for (const signal of SIGNALS) {
      const attributes = { [ATTR_SIGNAL]: signal };
      const { spooled: onDisk, possibleDuplicates } = counts[signal];
      if (isSpooling || isDetailed) observe(spooled, onDisk, attributes);
      if (possibleDuplicates > 0 || isDetailed) observe(doubled, possibleDuplicates, attributes);
      for (const [reason, count] of Object.entries(counts[signal].dropped)) {
        observe(dropped, count, { ...attributes, [ATTR_ERROR_TYPE]: reason });
      }
    }
    for (const { signals, state: now, ...server } of breakers()) {
      for (const signal of signals) {
        // Two collectors may be at one address: the signal tells them apart.
        const attributes = { [ATTR_SIGNAL]: signal, ...serverAttributes(server) };
        for (const kind of known(signal, now)) {
          observe(state, kind === now ? 1 : 0, { ...attributes, [ATTR_BREAKER_STATE]: kind });
        }
      }
    }
  });
}
