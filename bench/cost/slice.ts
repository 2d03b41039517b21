import { setTimeout } from 'node:timers/promises';
import { isSteady } from '../figures/statistics.ts';
import type { Rig } from '../subjects/rig.ts';
import type { Server } from '../subjects/server.ts';
import { TRACED } from './workload.ts';
import type { Load, Workload } from './workload.ts';

/** What one request, or one piece of other work, costs. */
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

/** Has a server that has nothing left to send do its work, and waits until all spans of it are acknowledged. */
export async function runSlice(
  rig: Rig,
  server: Server,
  workload: Workload,
  load: Load,
): Promise<Slice> {
  const { requests } = load;
  await server.flush();
  await rig.sink.take(TAKE);
  const before = await server.usage();
  const startedAt = performance.now();
  await workload.run(rig, server, load);
  const elapsedMs = performance.now() - startedAt;
  await server.flush();
  const missing = await findMissing(rig, server, workload, load);
  const after = await server.usage();
  return {
    cpuUs: (after.cpuUs - before.cpuUs) / requests,
    mainUs: (after.mainUs - before.mainUs) / requests,
    perSecond: (requests * 1000) / elapsedMs,
    lost: Math.max(0, missing),
    // Vendors may send further traces of their own.
    extra: server.subject.counts === 'spans' ? Math.max(0, -missing) : 0,
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

async function findMissing(
  rig: Rig,
  { subject }: Server,
  workload: Workload,
  load: Load,
): Promise<number> {
  if (subject.counts === 'nothing') return 0;
  const measure = subject.counts === 'traces' ? 'traces' : workload.counts;
  let received = (await rig.sink.take(TAKE))[measure];
  for (let waited = 0; waited < LATEST_MS && missingOf(received, load) > 0; waited += LOOK_MS) {
    await setTimeout(LOOK_MS);
    received += (await rig.sink.take(TAKE))[measure];
  }
  return missingOf(received, load);
}

/** In fewer slices V8 has not compiled what is hot, even if nothing changes for a while. */
const LEAST_WARM = 7;

/** Works until one slice costs as much as the next. Returns whether that came before `most` slices. */
export async function warm(
  rig: Rig,
  server: Server,
  workload: Workload,
  load: Load,
  most: number,
): Promise<boolean> {
  const costs: number[] = [];
  let before = await server.usage();
  for (let slice = 0; slice < most && !(slice > LEAST_WARM && isSteady(costs)); slice += 1) {
    await workload.run(rig, server, load);
    const after = await server.usage();
    costs.push(after.cpuUs - before.cpuUs);
    before = after;
  }
  // What it still has to send would be counted as spans of another server.
  await server.flush();
  if (server.subject.counts === 'traces') await setTimeout(LATEST_MS);
  return isSteady(costs);
}
