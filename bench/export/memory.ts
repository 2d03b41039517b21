import { setTimeout } from 'node:timers/promises';
import { Feed } from './feed.ts';
import type { Subject } from './subjects.ts';
import type { Measured } from './trial.ts';
import { readySpans } from './workload.ts';

const MIB = 1024 * 1024;
const CHUNK = 200;
/** Slabs are sealed and sent after one second, so nothing happens after this time. */
const QUIET_MS = 1500;
/** The subject counts as full when this many checks in a row find no room. */
const FULL_AFTER = 20;
const LOOK_MS = 20;

/**
 * Measures the resident memory that a started subject adds: after its first spans, and when it can take no more
 * because the collector is silent. Needs --expose-gc. Sends `idle` to the parent, which then makes the
 * collector silent and answers.
 */
export async function memory(create: () => Subject, fresh: number): Promise<Measured> {
  const spans = readySpans(fresh);
  const before = await resident();
  const subject = create();
  const feed = new Feed(subject, spans);
  feed.give(CHUNK);
  await feed.settle();
  await setTimeout(QUIET_MS);
  const idle = await resident();
  await held();
  for (let looks = 0; looks < FULL_AFTER;) {
    const room = Math.min(CHUNK, Math.floor(subject.room(feed.fed)));
    if (room > 0) feed.give(room);
    looks = room > 0 ? 0 : looks + 1;
    await setTimeout(room > 0 ? 0 : LOOK_MS);
  }
  const full = await resident();
  await subject.shutdown();
  return { idleMiB: (idle - before) / MIB, fullMiB: (full - before) / MIB };
}

async function resident(): Promise<number> {
  for (let pass = 0; pass < 3; pass += 1) {
    globalThis.gc?.();
    await setTimeout(50);
  }
  return process.memoryUsage.rss();
}

const held = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('message', () => resolve());
    process.send?.('idle');
  });
