import { setTimeout } from 'node:timers/promises';
import { isSteady } from '../figures/statistics.ts';
import type { Rig } from '../subjects/rig.ts';
import type { Server } from '../subjects/server.ts';
import type { Counts } from '../subjects/subjects.ts';

/** Of a real service: half of its requests come from a caller that has a trace. */
export const TRACED = 0.5;
export const CONNECTIONS = 32;

/** What requests cost, each. */
export interface Slice {
  /** Of all threads, as the operating system accounts it, until the last span is acknowledged. */
  readonly cpuUs: number;
  readonly mainUs: number;
  readonly perSecond: number;
  /** Spans, or traces, that the sink did not get. */
  readonly lost: number;
}

const TAKE = { hold: false, inspect: true };
/** Peers without a flush send by a timer: 2 to 5 s. */
const LATEST_MS = 8000;
const LOOK_MS = 100;

export interface Load {
  readonly ratio: number;
  readonly requests: number;
}

/** Sends so many requests to a server that has nothing left to send, and waits until all they made is acknowledged. */
export async function runSlice(rig: Rig, server: Server, load: Load): Promise<Slice> {
  const { ratio, requests } = load;
  await server.flush();
  await rig.sink.take(TAKE);
  const before = await server.usage();
  const { elapsedMs } = await rig.generator.closed({
    port: server.port,
    connections: CONNECTIONS,
    count: requests,
    traced: TRACED,
    sampled: ratio,
  });
  await server.flush();
  const lost = await countLost(rig, server, load);
  const after = await server.usage();
  return {
    cpuUs: (after.cpuUs - before.cpuUs) / requests,
    mainUs: (after.mainUs - before.mainUs) / requests,
    perSecond: (requests * 1000) / elapsedMs,
    lost,
  };
}

/** A random share that is further from the expected one than this is no accident. */
const SIGMAS = 6;

/**
 * Returns how many of the spans of these requests are missing. Of a random share a few may be missing. More than
 * expected is counted as well, for spans; vendors may send further traces of their own.
 */
export function lostOf(received: number, { ratio, requests }: Load, counts: Counts): number {
  const expected = requests * ratio;
  const random = requests * (1 - TRACED);
  const allowed = SIGMAS * Math.sqrt(random * ratio * (1 - ratio));
  const missing = expected - received;
  const lost = counts === 'servers' ? Math.abs(missing) : Math.max(0, missing);
  return lost > allowed ? Math.round(lost) : 0;
}

async function countLost(rig: Rig, { subject }: Server, load: Load): Promise<number> {
  const { counts } = subject;
  if (counts === 'nothing') return 0;
  let received = (await rig.sink.take(TAKE))[counts];
  for (
    let waited = 0;
    waited < LATEST_MS && lostOf(received, load, counts) > 0;
    waited += LOOK_MS
  ) {
    await setTimeout(LOOK_MS);
    received += (await rig.sink.take(TAKE))[counts];
  }
  return lostOf(received, load, counts);
}

const WARM_REQUESTS = 4000;
/** Below that V8 has not compiled what is hot, even if nothing changes for a while. */
const LEAST_WARM = 6;

/** Requests until one costs as much as the next. Returns whether that came before `most` slices of 4,000. */
export async function warm(
  rig: Rig,
  server: Server,
  ratio: number,
  most: number,
): Promise<boolean> {
  const costs: number[] = [];
  let before = await server.usage();
  for (let slice = 0; slice < most; slice += 1) {
    await rig.generator.closed({
      port: server.port,
      connections: CONNECTIONS,
      count: WARM_REQUESTS,
      traced: TRACED,
      sampled: ratio,
    });
    const after = await server.usage();
    costs.push(after.cpuUs - before.cpuUs);
    before = after;
    if (slice >= LEAST_WARM && isSteady(costs)) return true;
  }
  return false;
}
