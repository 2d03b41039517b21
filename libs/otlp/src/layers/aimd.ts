import type { Outcome } from '../send/outcome.js';
import type { Clock } from '../send/sender.js';
import { faultOf, TIMEOUT } from './fault.js';
import { LatencyTrend } from './latency-trend.js';

interface AimdSettings {
  readonly min: number;
  readonly max: number;
  readonly initial: number;
  readonly clock: Clock;
}

const HALF = 0.5;
const SLOWER = 0.75;
/** One decrease answers for all batches that were in flight when it was made. */
const DECREASE_REST_MS = 1000;
const OVERLOADED: ReadonlySet<string> = new Set([TIMEOUT, 'DEADLINE_EXCEEDED', '503', '504']);

interface Answer {
  readonly bytes: number;
  readonly latencyMs: number;
  /** Batches in flight when this one started, itself included. */
  readonly inFlight: number;
}

/** Additive increase, multiplicative decrease: the arithmetic of the adaptive limit. */
export class Aimd {
  readonly #min: number;
  readonly #max: number;
  readonly #clock: Clock;
  readonly #trends = new Map<number, LatencyTrend>();
  limit: number;
  #everDecreased = false;
  #decreasedAt = -Infinity;

  constructor({ min, max, initial, clock }: AimdSettings) {
    this.#min = min;
    this.#max = Math.max(min, max);
    this.#clock = clock;
    this.limit = Math.min(this.#max, Math.max(min, initial));
  }

  learn(outcome: Outcome, answer: Answer): void {
    const fault = faultOf(outcome);
    if (fault === 'none') this.#learnLatency(answer);
    else if (fault === 'busy' || ('reason' in outcome && OVERLOADED.has(outcome.reason))) {
      this.#decrease(HALF);
    }
  }

  #learnLatency({ bytes, latencyMs, inFlight }: Answer): void {
    const trend = this.#trendOf(bytes);
    trend.add(latencyMs, this.#clock.now());
    if (trend.slow) this.#decrease(SLOWER);
    else if (inFlight * 2 > this.limit) {
      this.#set(this.limit + (this.#everDecreased ? 1 / this.limit : 1));
    }
  }

  /** One trend for each power of four. */
  #trendOf(bytes: number): LatencyTrend {
    const size = Math.clz32(bytes) >> 1;
    let trend = this.#trends.get(size);
    if (trend === undefined) {
      trend = new LatencyTrend();
      this.#trends.set(size, trend);
    }
    return trend;
  }

  #decrease(factor: number): void {
    const now = this.#clock.now();
    if (now - this.#decreasedAt < DECREASE_REST_MS) return;
    this.#decreasedAt = now;
    this.#everDecreased = true;
    this.#set(this.limit * factor);
  }

  #set(limit: number): void {
    this.limit = Math.min(this.#max, Math.max(this.#min, limit));
  }
}
