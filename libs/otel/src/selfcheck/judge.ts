import type { SignalStatus } from '../engine/engine.js';

/** The facts about one signal that goes to a collector. */
export interface SignalFacts {
  /** Items that our instrumentation has made since the start. */
  readonly made: number;
  readonly status: SignalStatus;
  /** Since the first item was made, in ms; 0 before. */
  readonly sinceMadeMs: number;
  /** The times after which an item should be in the engine, and an answer should be there, in ms. */
  readonly patience: { readonly arrivalMs: number; readonly answerMs: number };
}

/**
 * `idle`: nothing was made. `waiting`: it is too early to say. `flowing`: an export has ended, well or badly, and the
 * engine's own status tells the rest. `lost-on-the-way`: items were made and none came to the engine.
 * `held`: items came to the engine and no export has ended.
 */
export type Judgement =
  | { readonly kind: 'idle' | 'waiting' | 'flowing' }
  | { readonly kind: 'lost-on-the-way'; readonly made: number }
  | { readonly kind: 'held'; readonly items: number };

const arrivedOf = ({ accepted, rejected, dropped, queued, spooled }: SignalStatus): number =>
  Object.values(dropped).reduce((sum, count) => sum + count, accepted + rejected) +
  queued +
  spooled;

/** Judges whether the items of an app reach the collector. */
export const judge = ({ made, status, sinceMadeMs, patience }: SignalFacts): Judgement => {
  if (status.last.outcome !== 'none') return { kind: 'flowing' };
  const arrived = arrivedOf(status);
  if (arrived === 0) {
    if (made === 0) return { kind: 'idle' };
    if (sinceMadeMs < patience.arrivalMs) return { kind: 'waiting' };
    return { kind: 'lost-on-the-way', made };
  }
  if (sinceMadeMs < patience.answerMs || status.queued + status.spooled === 0) {
    return { kind: 'waiting' };
  }
  return { kind: 'held', items: status.queued + status.spooled };
};
