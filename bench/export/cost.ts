import { setImmediate } from 'node:timers/promises';
import { Feed } from './feed.ts';
import type { Subject } from './subjects.ts';
import type { Measured } from './trial.ts';
import { bagsOf, readySpans, startAndEnd, tracerOn } from './workload.ts';

/** Three full batches of the official processor, so no batch waits for its timer. */
const ROUND = 1536;
const WARM_ROUNDS = 80;
const ROUNDS = 220;
/** Under a steady load few spans are in flight at once. The official queue is smaller than this. */
const MOST_ON_THE_WAY = 8192;

/**
 * Measures the CPU time of spans from the first to the last acknowledgement, for the whole process and for the
 * main thread. Spans come in a steady stream, with one flush at the end. With `stock` a tracer makes
 * the spans during the trial, the stock one unless the subject has its own; otherwise they are ready before it.
 */
export async function cost(subject: Subject, fresh: number, stock: boolean): Promise<Measured> {
  const feed = stock ? stockFeed(subject, fresh) : new Feed(subject, readySpans(fresh));
  await stream(subject, feed, WARM_ROUNDS);
  const all = process.cpuUsage();
  const main = process.threadCpuUsage();
  const startedAt = performance.now();
  await stream(subject, feed, ROUNDS);
  const wallMs = performance.now() - startedAt;
  const mainSpent = process.threadCpuUsage(main);
  const allSpent = process.cpuUsage(all);
  const spans = ROUND * ROUNDS;
  return {
    allUs: (allSpent.user + allSpent.system) / spans,
    mainUs: (mainSpent.user + mainSpent.system) / spans,
    wallUs: (wallMs * 1000) / spans,
  };
}

async function stream(
  subject: Subject,
  feed: Pick<Feed, 'fed' | 'give' | 'settle'>,
  rounds: number,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    feed.give(ROUND);
    await setImmediate();
    while (subject.room(feed.fed) < ROUND || feed.fed - subject.accepted() > MOST_ON_THE_WAY) {
      await subject.changed();
    }
  }
  await feed.settle();
}

/** Makes each span in the turn in which it ends. */
function stockFeed(subject: Subject, fresh: number): Pick<Feed, 'fed' | 'give' | 'settle'> {
  const bags = bagsOf(fresh);
  const tracer = tracerOn(subject.processor, subject.hasOwnTracer);
  const feed = new Feed(subject, []);
  return {
    get fed() {
      return feed.fed;
    },
    give(count) {
      for (let made = 0; made < count; made += 1) {
        startAndEnd(tracer, bags[(feed.fed + made) % bags.length] ?? {});
      }
      feed.fed += count;
    },
    settle: () => feed.settle(),
  };
}
