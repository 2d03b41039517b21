import type { GroupOptions } from '../cost/group.ts';
import { runSlice, warm } from '../cost/slice.ts';
import { CONNECTIONS, TRACED } from '../cost/workload.ts';
import { medianOf } from '../figures/statistics.ts';
import type { Rig } from '../subjects/rig.ts';
import type { Server } from '../subjects/server.ts';
import type { Adapter, Subject } from '../subjects/subjects.ts';

/** Of what bare Nest can serve at most. */
const LOAD_SHARE = 0.7;
/** More than ever wait at once, so that none waits for a connection but where the server falls behind. */
const OPEN_CONNECTIONS = 4 * CONNECTIONS;
const WARM_MS = 500;

export interface Latency {
  readonly subject: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests a second that all subjects of the trial were given. */
  readonly perSecond: number;
}

/** Latencies of every subject at the same load, in turns; the first subject is bare Nest, which says how much that is. */
export async function runLatency(
  rig: Rig,
  name: string,
  adapter: Adapter,
  subjects: readonly Subject[],
  options: GroupOptions & { readonly forMs: number },
): Promise<readonly (readonly Latency[])[]> {
  const { trials, turns, requests, workload, say, forMs } = options;
  const load = { ratio: 1, requests };
  const found: (readonly Latency[])[] = [];
  for (let trial = 0; trial < trials; trial += 1) {
    const servers: Server[] = [];
    try {
      let most = Number.NaN;
      for (const subject of subjects) {
        const server = await rig.start(subject, { adapter, ratio: 1, env: workload.env });
        servers.push(server);
        await warm(rig, server, workload, load, options.warmSlices);
        if (servers.length === 1) {
          most = (await runSlice(rig, server, workload, load)).perSecond;
        }
      }
      const perSecond = most * LOAD_SHARE;
      const given = { connections: OPEN_CONNECTIONS, traced: TRACED, sampled: 1, warmMs: WARM_MS };
      const percentiles = new Map(servers.map((server) => [server, [] as [number, number][]]));
      for (let turn = 0; turn < turns; turn += 1) {
        for (const server of servers) {
          const { port } = server;
          const { p50Ms, p99Ms } = await rig.generator.open({ port, perSecond, forMs, ...given });
          percentiles.get(server)?.push([p50Ms, p99Ms]);
        }
      }
      const latencies = servers.map((server): Latency => {
        const all = percentiles.get(server) ?? [];
        return {
          subject: server.subject.name,
          p50Ms: medianOf(all.map(([p50]) => p50)),
          p99Ms: medianOf(all.map(([, p99]) => p99)),
          perSecond,
        };
      });
      const texts = latencies.map(({ subject, p99Ms }) => `${subject} ${p99Ms.toFixed(2)} ms`);
      const rate = Math.round(perSecond);
      say(`${name}, trial ${trial + 1} of ${trials}, ${rate}/s, p99: ${texts.join(', ')}`);
      found.push(latencies);
    } finally {
      for (const server of servers) await server.stop();
    }
  }
  return found;
}
