import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { Feed } from './feed.ts';
import { medianOf } from '../figures/statistics.ts';
import type { Subject } from './subjects.ts';
import type { Measured } from './trial.ts';
import { readySpans } from './workload.ts';

const ROUND = 2000;
const WARM_ROUNDS = 80;
const ROUNDS = 5;
const SAMPLES = 15;

/**
 * A ready span allocates this many bytes on this thread's heap until it is acknowledged, garbage included.
 * Needs --expose-gc and a young generation that holds a whole sample. A sample in which a collection ran does
 * not count.
 */
export async function allocation(subject: Subject, fresh: number): Promise<Measured> {
  const feed = new Feed(subject, readySpans(fresh));
  let collections = 0;
  const observer = new PerformanceObserver((list) => (collections += list.getEntries().length));
  observer.observe({ entryTypes: ['gc'] });
  const round = async (): Promise<void> => {
    feed.give(ROUND);
    await feed.settle();
  };
  for (let done = 0; done < WARM_ROUNDS; done += 1) await round();
  const samples: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    globalThis.gc?.();
    // The observer learns of a collection one turn later.
    await setImmediate();
    await setImmediate();
    collections = 0;
    const before = getHeapStatistics().used_heap_size;
    for (let done = 0; done < ROUNDS; done += 1) await round();
    const grown = getHeapStatistics().used_heap_size - before;
    await setImmediate();
    if (collections === 0) samples.push(grown / (ROUND * ROUNDS));
  }
  observer.disconnect();
  return { heapBytes: medianOf(samples), samples: samples.length };
}
