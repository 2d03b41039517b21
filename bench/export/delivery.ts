import { Feed } from './feed.ts';
import type { Subject } from './subjects.ts';
import type { Measured } from './trial.ts';
import { readySpans } from './workload.ts';

const ROUND = 1999;
const ROUNDS = 5;

/** A few spans, for the parent to compare with what the collector unpacked. */
export async function delivery(subject: Subject, fresh: number): Promise<Measured> {
  const feed = new Feed(subject, readySpans(fresh));
  for (let round = 0; round < ROUNDS; round += 1) {
    feed.give(ROUND);
    await feed.settle();
  }
  return { given: feed.fed };
}
