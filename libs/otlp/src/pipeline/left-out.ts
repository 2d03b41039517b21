import type { Meter } from '@opentelemetry/api';
import type { EncodeLosses } from '../encode/limits.js';
import { observing } from '../ledger/observing.js';
import type { SelfLog } from '../ledger/self-log.js';
import { ATTR_PART, ATTR_SIGNAL } from '../ledger/semconv.js';
import type { Signal } from '../wire/model.js';

/** What was left out of the items that were taken, by signal, since the start. */
export type LeftOut = Readonly<Partial<Record<Signal, EncodeLosses>>>;

const PARTS = ['attributes', 'events', 'links', 'values'] as const;

const signalsIn = (leftOut: LeftOut): readonly Signal[] => Object.keys(leftOut) as Signal[];

/**
 * `nestlens.otlp.left_out` in `{part}`, by `nestlens.otlp.signal` and `nestlens.otlp.part`: attributes, events and links
 * that are missing in what was sent, and values that were cut or could not be read. Returns how to stop.
 */
export const leftOutMetrics = (meter: Meter | undefined, read: () => LeftOut): (() => void) => {
  if (meter === undefined) return () => {};
  const unit = '{part}';
  const counter = meter.createObservableCounter('nestlens.otlp.left_out', { unit });
  return observing(meter, [counter], (observe) => {
    const leftOut = read();
    for (const signal of signalsIn(leftOut)) {
      for (const part of PARTS) {
        const attributes = { [ATTR_SIGNAL]: signal, [ATTR_PART]: part };
        observe(counter, leftOut[signal]?.[part] ?? 0, attributes);
      }
    }
  });
};

/** Tells of what was left out since it told last, a line for each signal; the items themselves say it too, but for values. */
export class LeftOutTeller {
  readonly #read: () => LeftOut;
  readonly #log: SelfLog;
  #told: LeftOut = {};

  constructor(read: () => LeftOut, log: SelfLog) {
    this.#read = read;
    this.#log = log;
  }

  tell(): void {
    const leftOut = this.#read();
    for (const signal of signalsIn(leftOut)) {
      const more = PARTS.flatMap((part) => {
        const count = (leftOut[signal]?.[part] ?? 0) - (this.#told[signal]?.[part] ?? 0);
        return count > 0 ? [`${count} ${part}`] : [];
      });
      if (more.length === 0) continue;
      const text = `of ${signal}, ${more.join(', ')} were left out or cut: they are beyond the limits of an item, or cannot be read`;
      this.#log.log('warn', `left_out_${signal}`, text);
    }
    this.#told = leftOut;
  }
}
