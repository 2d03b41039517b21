import { Feed } from './feed.ts';
import { medianOf } from './statistics.ts';
import type { Subject } from './subjects.ts';
import type { Measured } from './trial.ts';
import { readySpans } from './workload.ts';

const PER_MS = 50;
/** Spans given in one turn at most: what is late is caught up in small steps. */
const STEP = 10;
const WARM_MS = 1500;
const MEASURE_MS = 4000;
/** Each has several flushes of either kind. */
const WINDOW_MS = 100;

/**
 * The longest turn of the main loop at 50,000 spans a second, as a loop that never sleeps sees it. It is taken in
 * windows, and their median is the figure: a turn is also long when the system gives the core to somebody else, or
 * when the probe's own garbage goes, but not in each window.
 */
export async function stall(subject: Subject, fresh: number): Promise<Measured> {
  const feed = new Feed(subject, readySpans(fresh));
  await probe(feed, WARM_MS);
  const windows = await probe(feed, MEASURE_MS);
  await feed.settle();
  return { stallMs: medianOf(windows), worstMs: Math.max(...windows) };
}

function probe(feed: Feed, forMs: number): Promise<number[]> {
  const windows: number[] = [];
  const startedAt = performance.now();
  const before = feed.fed;
  let lastAt = startedAt;
  let longest = 0;
  return new Promise((resolve) => {
    const turn = (): void => {
      const now = performance.now();
      longest = Math.max(longest, now - lastAt);
      lastAt = now;
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
