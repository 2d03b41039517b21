import { Feed } from './feed.ts';
import { RunDelay } from './run-delay.ts';
import { quartileOf } from './statistics.ts';
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
 * The longest turn of the main loop at 50,000 spans a second, as a loop that never sleeps sees it, without the time
 * that the system gave the core to somebody else. It is taken in windows, and their first quartile is the figure: a
 * flush is in each window; the probe's own garbage and the moods of a busy machine are in many, but not in all.
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
