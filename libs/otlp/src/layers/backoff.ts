import { Backoff } from '../send/backoff.js';

export interface BackoffSettings {
  readonly initialMs: number;
  /** First pause where the peer was healthy a moment ago. */
  readonly healthyInitialMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly random: () => number;
}

/** Half as long to one and a half times as long. */
const JITTER = 0.5;
/** Never sooner than this after the attempt before. */
export const MIN_GAP_MS = 100;
/** No peer may make us wait longer. */
const MAX_ASKED_MS = 60_000;
/** What is added by chance to a pause that the peer asked of all its clients at once. */
const ASKED_JITTER = 0.25;

/** The pause after failure number `failures`, counted from 1: from `MIN_GAP_MS` to `maxMs`. */
export const backoffMs = (
  { initialMs, healthyInitialMs, factor, maxMs, random }: BackoffSettings,
  failures: number,
  healthy: boolean,
): number => {
  const firstMs = healthy ? healthyInitialMs : initialMs;
  const backoff = new Backoff({
    firstMs,
    maxMs: maxMs / (1 + JITTER),
    factor,
    jitter: JITTER,
    random,
  });
  return Math.max(MIN_GAP_MS, backoff.afterMs(failures));
};

/**
 * The pause that the peer asked for: at least as long, at most 60 s, and no attempt within 100 ms. What is no
 * number or negative asks for nothing.
 */
export const askedMs = (afterMs: number | undefined, random: () => number): number =>
  afterMs === undefined || !(afterMs >= 0)
    ? MIN_GAP_MS
    : Math.max(MIN_GAP_MS, Math.min(MAX_ASKED_MS, afterMs * (1 + ASKED_JITTER * random())));
