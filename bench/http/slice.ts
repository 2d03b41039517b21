import { setTimeout } from 'node:timers/promises';
import { isSteady } from '../figures/statistics.ts';
import type { Rig } from '../subjects/rig.ts';
import type { Server } from '../subjects/server.ts';

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
  /** Spans that it got beyond those of the requests: sent twice. */
  readonly extra: number;
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
  const missing = await findMissing(rig, server, load);
  const after = await server.usage();
  return {
    cpuUs: (after.cpuUs - before.cpuUs) / requests,
    mainUs: (after.mainUs - before.mainUs) / requests,
    perSecond: (requests * 1000) / elapsedMs,
    lost: Math.max(0, missing),
    // Vendors may send further traces of their own.
    extra: server.subject.counts === 'servers' ? Math.max(0, -missing) : 0,
  };
}

/** A random share that is further from the expected one than this is no accident. */
const SIGMAS = 6;

/**
 * Returns how many of the spans of these requests are missing; less than 0 if there are too many. Of a random share a
 * few may differ.
 */
export function missingOf(received: number, { ratio, requests }: Load): number {
  const random = requests * (1 - TRACED);
  const allowed = SIGMAS * Math.sqrt(random * ratio * (1 - ratio));
  const missing = requests * ratio - received;
  return Math.abs(missing) > allowed ? Math.round(missing) : 0;
}

async function findMissing(rig: Rig, { subject }: Server, load: Load): Promise<number> {
  const { counts } = subject;
  if (counts === 'nothing') return 0;
  let received = (await rig.sink.take(TAKE))[counts];
  for (let waited = 0; waited < LATEST_MS && missingOf(received, load) > 0; waited += LOOK_MS) {
    await setTimeout(LOOK_MS);
    received += (await rig.sink.take(TAKE))[counts];
  }
  return missingOf(received, load);
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
