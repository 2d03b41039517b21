import { systemClock } from '../send/sender.js';
import type { Clock } from '../send/sender.js';
import type { ResolvedPipelineOptions } from './pipeline-options.js';

/** So many items do not wait for the time. */
const MANY = 512;

interface LateStartOptions {
  /** Starts what sends. Called once. */
  readonly begin: () => void;
  /** The longest that the first item waits. */
  readonly afterMs: number;
  /** Default: the real time. */
  readonly clock?: Clock;
}

/**
 * Starts what sends when there is something to send: a thread costs a start as much as a tenth of a Nest app, and until the
 * first batch is due it has nothing to do.
 */
export class LateStart {
  readonly #begin: () => void;
  readonly #afterMs: number;
  readonly #clock: Clock;
  #items = 0;
  #state: 'new' | 'waiting' | 'over' = 'new';
  #cancel: (() => void) | undefined;

  constructor({ begin, afterMs, clock = systemClock }: LateStartOptions) {
    this.#begin = begin;
    this.#afterMs = afterMs;
    this.#clock = clock;
  }

  /** It may start from now on, and nothing has been started yet. */
  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  /** From now on items count, and those that were made before. */
  wait(): void {
    this.#state = 'waiting';
    if (this.#items > 0) this.made(0);
  }

  /** Call for items that were made. */
  made(count: number): void {
    if (this.#state === 'over') return;
    this.#items += count;
    if (this.#state === 'new') return;
    if (this.#items >= MANY) this.now();
    else this.#cancel ??= this.#clock.after(this.#afterMs, () => this.now());
  }

  /** Starts at once, unless it has started or may not. */
  now(): void {
    if (this.#state !== 'waiting') return;
    this.stop();
    this.#begin();
  }

  /** Safe twice, and before `wait`. */
  stop(): void {
    this.#state = 'over';
    this.#cancel?.();
  }
}

/**
 * Not where a spool of an earlier process waits to be sent, nor where files of TLS are to be looked at, of which the thread
 * warns. Nor without a thread.
 */
export function startsLate({ worker, sending }: ResolvedPipelineOptions): boolean {
  if (worker === false || (worker.entry ?? worker.spawn) === undefined) return false;
  return sending.spool === undefined && sending.destinations.every(({ tls }) => tls === undefined);
}
