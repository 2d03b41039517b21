import { refused } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import type { Batch, Clock, Layer, Sender } from '../send/sender.js';
import { systemClock } from '../send/sender.js';
import type { BreakerView } from './breaker.js';
import { CLOSED } from './fault.js';
import { PeerPace } from './peer-pace.js';
import { Pauses } from './pauses.js';
import { RetryBudget } from './retry-budget.js';
import { RetryCourse } from './retry-course.js';
import type { RetryScene } from './retry-course.js';

export interface RetryOptions {
  /** First pause. Default: 1000. */
  readonly initialMs?: number;
  /** First pause where the peer took something within the last second. Default: 500. */
  readonly healthyInitialMs?: number;
  /** Growth of the pause, 1.5 to 2. Default: 1.5. */
  readonly factor?: number;
  /** Longest pause. Default: 30000. */
  readonly maxMs?: number;
  /** From the first attempt to the last, pauses included. Default: 300000. */
  readonly maxElapsedMs?: number;
  /** The one below. With it a batch waits for the peer's return, not for the end of its own pause. */
  readonly breaker?: BreakerView;
  /** Default: a tenth of the traffic. */
  readonly budget?: RetryBudget;
  /**
   * Asked while the breaker is open. True: batches are not kept until it closes, but given back as `retry` with the
   * reason of their last attempt, to somebody who has a better place for them. Default: never.
   */
  readonly yields?: () => boolean;
  /**
   * Asked before a batch is sent again. True: it is given back as `retry` with `tooLarge` to the layer above, which
   * sends it in parts. Default: never.
   */
  readonly divides?: (batch: Batch) => boolean;
  /** Asked while stopping. True: one more attempt would find nobody, so none is made. Default: never. */
  readonly isInVain?: () => boolean;
  /** Called when a batch begins to wait, so that another may take its place. Must not throw. */
  readonly paused?: () => void;
  /** In [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
  readonly clock?: Clock;
}

export interface Retry extends Layer {
  /** Batches between two attempts. */
  waiting(): number;
  /** Why the last attempt failed that did; undefined while no batch waits. */
  why(): string | undefined;
  /** Ends the pause of each batch that need not wait for the peer's sake. */
  wake(): void;
  /**
   * For the shutdown: no batch waits any more. Each gets one more attempt, 100 ms after its last at the soonest
   * and none where the breaker is open or `isInVain`, then the caller gets its `retry`. While `persists` answers true (default: never), a
   * batch that meets a failure of the peer, or an open breaker, is tried again until its signal aborts, after 100 ms
   * growing to 1 s. There is no way back.
   */
  stopWaiting(persists?: () => boolean): void;
}

/**
 * Sends a batch again while its outcome is `retry`. Any other outcome goes back at once.
 *
 * - The pause grows from `initialMs` by `factor` to `maxMs`, half to one and a half times as long by chance.
 * - A pause that the peer asked for is kept: at least that long, never over 60 s.
 * - While a peer fails, attempts of all batches to it start at least 100 ms apart. What the peer did not look at
 *   (REFUSED_STREAM) the transport sends again at once, within the attempt.
 * - While the breaker is open nothing is sent and no pause grows; when a probe is due the oldest batch is woken,
 *   when the breaker closes all are. With `yields` they are given back instead.
 * - After `maxElapsedMs` the answer is `retry` with the reason of the last attempt: to spool or to count.
 * - When the signal aborts the answer is `retry` `aborted`, at once.
 *
 * One of these per stack, and one stack per peer: what it learns of the peer is for all its batches.
 * Source: OTLP specification, "OTLP/gRPC Throttling" and "OTLP/HTTP Throttling".
 */
export const retry = (options: RetryOptions = {}): Retry => {
  const clock = options.clock ?? systemClock;
  const scene: RetryScene = {
    clock,
    backoff: {
      initialMs: options.initialMs ?? 1000,
      healthyInitialMs: options.healthyInitialMs ?? 500,
      factor: options.factor ?? 1.5,
      maxMs: options.maxMs ?? 30_000,
      random: options.random ?? Math.random,
    },
    maxElapsedMs: options.maxElapsedMs ?? 300_000,
    breaker: options.breaker,
    budget: options.budget ?? new RetryBudget(),
    pace: new PeerPace(),
    pauses: new Pauses(clock),
    paused: options.paused ?? (() => {}),
    yields: options.yields ?? (() => false),
    divides: options.divides ?? (() => false),
    isInVain: options.isInVain ?? (() => false),
    stopping: false,
    persists: () => false,
    lastReason: undefined,
  };
  let unfollow = (): void => {};
  const layer: Layer = (next) => {
    unfollow();
    unfollow = followBreaker(scene);
    return sender(scene, next, () => unfollow());
  };
  return Object.assign(layer, {
    waiting: () => scene.pauses.size,
    why: () => (scene.pauses.size > 0 ? scene.lastReason : undefined),
    wake: () => scene.pauses.wakeAll(),
    stopWaiting: (persists?: () => boolean) => {
      scene.stopping = true;
      if (persists !== undefined) scene.persists = persists;
      scene.pauses.endAll('stopped');
    },
  });
};

const sender = (scene: RetryScene, next: Sender, onClose: () => void): Sender => {
  let closed = false;
  return {
    async send(batch: Batch, signal: AbortSignal): Promise<Outcome> {
      return closed ? refused(CLOSED) : new RetryCourse(scene, next, batch, signal).run();
    },
    async close(): Promise<void> {
      if (!closed) {
        closed = true;
        onClose();
        scene.pauses.endAll('aborted');
      }
      await next.close();
    },
  };
};

const followBreaker = ({ breaker, pauses, budget, yields }: RetryScene): (() => void) =>
  breaker?.onChange((state) => {
    if (state.kind === 'open' && yields()) pauses.endAll('yielded');
    if (state.kind === 'half-open' && !state.probing) pauses.wakeOne();
    if (state.kind === 'closed') {
      budget.refill();
      pauses.wakeAll();
    }
  }) ?? (() => {});
