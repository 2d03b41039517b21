import type { Subject } from './subjects.ts';
import type { Measured } from './trial.ts';
import { Feed } from './feed.ts';
import { bagsOf, readySpans, startAndEnd, tracerOn } from './workload.ts';

/** What the official queue takes at once without a drop. */
const ROUND = 2000;
const WARM_ROUNDS = 60;
const ROUNDS = 150;

/**
 * CPU time from a round of spans to the last acknowledgement of it, round after round: of the process with all its
 * threads, and of the main thread. `stock` makes the spans with the stock tracer first; else they are ready.
 */
export async function cost(subject: Subject, fresh: number, stock: boolean): Promise<Measured> {
  const round = stock ? stockRound(subject, fresh) : readyRound(subject, fresh);
  for (let done = 0; done < WARM_ROUNDS; done += 1) await round();
  const all = process.cpuUsage();
  const main = process.threadCpuUsage();
  const startedAt = performance.now();
  for (let done = 0; done < ROUNDS; done += 1) await round();
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

function readyRound(subject: Subject, fresh: number): () => Promise<void> {
  const feed = new Feed(subject, readySpans(fresh));
  return () => {
    feed.give(ROUND);
    return feed.settle();
  };
}

function stockRound(subject: Subject, fresh: number): () => Promise<void> {
  const bags = bagsOf(fresh);
  const tracer = tracerOn(subject.processor);
  let fed = 0;
  return async () => {
    for (let made = 0; made < ROUND; made += 1) {
      startAndEnd(tracer, bags[(fed + made) % bags.length] ?? {});
    }
    fed += ROUND;
    await subject.settled(fed);
    if (subject.accepted() !== fed) throw new Error('spans were lost');
  };
}
