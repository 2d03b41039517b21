import type { Meter } from '@opentelemetry/api';
import type { EncodeLosses } from '../encode/limits.js';
import { observing } from '../ledger/observing.js';
import type { SelfMetricsLevel } from '../ledger/observing.js';
import type { SelfLog } from '../ledger/self-log.js';
import { ATTR_PART, ATTR_SIGNAL } from '../ledger/semconv.js';
import type { Signal } from '../wire/model.js';

/** Counts of attributes, events, links and values that were left out or cut, by signal, since the start. */
export type Truncations = Readonly<Partial<Record<Signal, EncodeLosses>>>;

const KINDS = ['attributes', 'events', 'links', 'values'] as const;

function signalsIn(truncated: Truncations): readonly Signal[] {
  return Object.keys(truncated) as Signal[];
}

/**
 * `nestlens.otlp.left_out` in `{part}`, by `nestlens.otlp.signal` and `nestlens.otlp.part`: attributes, events and links
 * that are missing in what was sent, and values that were cut or could not be read. At the level `basic` counts of 0
 * are left out. Returns how to stop.
 */
export function truncationMetrics(
  meter: Meter | undefined,
  read: () => Truncations,
  level: SelfMetricsLevel,
): () => void {
  if (meter === undefined) return () => {};
  const unit = '{part}';
  const counter = meter.createObservableCounter('nestlens.otlp.left_out', { unit });
  return observing(meter, [counter], (observe) => {
    const truncated = read();
    for (const signal of signalsIn(truncated)) {
      for (const kind of KINDS) {
        const attributes = { [ATTR_SIGNAL]: signal, [ATTR_PART]: kind };
        const count = truncated[signal]?.[kind] ?? 0;
        if (count > 0 || level === 'detailed') observe(counter, count, attributes);
      }
    }
  });
}

/**
 * Logs truncations since its last line, one line for each signal. Dropped counts of the items say it too, but not of values.
 */
export class TruncationLog {
  readonly #read: () => Truncations;
  readonly #log: SelfLog;
  #told: Truncations = {};

  constructor(read: () => Truncations, log: SelfLog) {
    this.#read = read;
    this.#log = log;
  }

  tell(): void {
    const truncated = this.#read();
    for (const signal of signalsIn(truncated)) {
      const more = KINDS.flatMap((kind) => {
        const count = (truncated[signal]?.[kind] ?? 0) - (this.#told[signal]?.[kind] ?? 0);
        return count > 0 ? [`${count} ${kind}`] : [];
      });
      if (more.length === 0) continue;
      const text = `of ${signal}, ${more.join(', ')} were left out or cut: they are beyond the limits of an item, or cannot be read`;
      this.#log.log('warn', `left_out_${signal}`, text);
    }
    this.#told = truncated;
  }
}
