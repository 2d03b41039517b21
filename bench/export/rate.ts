import { setImmediate } from 'node:timers/promises';
import { Feed } from './feed.ts';
import type { Subject } from './subjects.ts';
import type { Measured } from './trial.ts';
import { readySpans } from './workload.ts';

const CHUNK = 256;
const WARM_MS = 1000;
const MEASURE_MS = 2000;
/** In this many round trips the concurrency limit and the windows grow to their final size. */
const WARM_TRIPS = 30;
const MEASURE_TRIPS = 20;

/**
 * Measures how many spans a second are acknowledged when the subject always has as many as it takes without
 * dropping any.
 */
export async function rate(
  subject: Subject,
  fresh: number,
  roundTripMs: number,
): Promise<Measured> {
  const feed = new Feed(subject, readySpans(fresh));
  await drive(subject, feed, WARM_MS + WARM_TRIPS * roundTripMs);
  const accepted = subject.accepted();
  const startedAt = performance.now();
  await drive(subject, feed, MEASURE_MS + MEASURE_TRIPS * roundTripMs);
  const perSecond = ((subject.accepted() - accepted) * 1000) / (performance.now() - startedAt);
  await feed.settle();
  return { perSecond };
}

async function drive(subject: Subject, feed: Feed, forMs: number): Promise<void> {
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    const room = Math.min(CHUNK, Math.floor(subject.room(feed.fed)));
    if (room > 0) {
      feed.give(room);
      await setImmediate();
    } else await subject.changed();
  }
}
