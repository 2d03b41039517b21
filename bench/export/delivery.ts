import { Feed } from './feed.ts';
import type { Subject } from './subjects.ts';
import type { Measured } from './trial.ts';
import { readySpans } from './workload.ts';

const ROUND = 1999;
const ROUNDS = 5;

/** Sends a few spans. The parent compares their number with the number that the collector decoded. */
export async function delivery(subject: Subject, fresh: number): Promise<Measured> {
  const feed = new Feed(subject, readySpans(fresh));
  for (let round = 0; round < ROUNDS; round += 1) {
    feed.give(ROUND);
    await feed.settle();
  }
  return { given: feed.fed };
}
