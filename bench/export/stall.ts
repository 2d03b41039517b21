import { Feed } from './feed.ts';
import { RunDelay } from './run-delay.ts';
import { quartileOf } from '../figures/statistics.ts';
import type { Subject } from './subjects.ts';
import type { Measured } from './trial.ts';
import { readySpans } from './workload.ts';

const PER_MS = 50;
/** Gives at most this many spans in one turn, so that a late turn is made up in small steps. */
const STEP = 10;
const WARM_MS = 1500;
const MEASURE_MS = 4000;
/** Each window contains several flushes of either kind. */
const WINDOW_MS = 100;

/**
 * Measures the longest turn of the main loop at 50,000 spans a second. The probe's loop never sleeps, and the
 * time in which the system gave the core to others does not count. The figure is the first quartile of windows:
 * each window has a flush, but the probe's own garbage and other work on the machine are not in every one.
 */
export async function stall(subject: Subject, fresh: number): Promise<Measured> {
  const feed = new Feed(subject, readySpans(fresh));
  const delay = new RunDelay();
  await probe(feed, delay, WARM_MS);
  const windows = await probe(feed, delay, MEASURE_MS);
  delay.close();
  await subject.settled();
  return {
    stallMs: quartileOf(windows),
    worstMs: Math.max(...windows),
    lost: feed.fed - subject.accepted(),
  };
}

function probe(feed: Feed, delay: RunDelay, forMs: number): Promise<number[]> {
  const windows: number[] = [];
  const startedAt = performance.now();
  const before = feed.fed;
  let ranAt = startedAt - delay.ms();
  let longest = 0;
  return new Promise((resolve) => {
    const turn = (): void => {
      const now = performance.now();
      const ran = now - delay.ms();
      longest = Math.max(longest, ran - ranAt);
      ranAt = ran;
      const passed = now - startedAt;
      if (passed >= (windows.length + 1) * WINDOW_MS) {
        windows.push(longest);
        longest = 0;
      }
      if (passed >= forMs) return resolve(windows);
      const due = Math.floor(passed * PER_MS) - (feed.fed - before);
      if (due > 0) feed.give(Math.min(due, STEP));
      setImmediate(turn);
    };
    setImmediate(turn);
  });
}
