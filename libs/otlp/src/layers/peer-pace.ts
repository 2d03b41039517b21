import type { Outcome } from '../send/outcome.js';
import { MIN_GAP_MS } from './backoff.js';
import { faultOf } from './fault.js';

/** A success this recent makes the peer a healthy one. */
const HEALTHY_MS = 1000;

/**
 * Keeps the attempts of all batches to one peer apart while that peer fails: 100 ms between the starts of any two.
 * After a success they go as they come.
 */
export class PeerPace {
  #failing = false;
  #succeededAt = -Infinity;
  #startedAt = -Infinity;

  /** When the next attempt may start. */
  earliest(): number {
    return this.#failing ? this.#startedAt + MIN_GAP_MS : -Infinity;
  }

  started(now: number): void {
    this.#startedAt = now;
  }

  /** Takes what a finished attempt says of the peer. */
  learn(outcome: Outcome, now: number): void {
    const fault = faultOf(outcome);
    if (fault === 'own') return;
    this.#failing = fault !== 'none';
    if (fault === 'none') this.#succeededAt = now;
  }

  healthy(now: number): boolean {
    return now - this.#succeededAt <= HEALTHY_MS;
  }
}
