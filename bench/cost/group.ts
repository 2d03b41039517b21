import { medianOf, quartileOf } from '../figures/statistics.ts';
import type { Rig } from '../subjects/rig.ts';
import type { Server } from '../subjects/server.ts';
import type { Adapter, Subject } from '../subjects/subjects.ts';
import { runSlice, warm } from './slice.ts';
import type { Slice } from './slice.ts';
import type { Workload } from './workload.ts';

/** Subjects that are measured in turns, under one load. */
export interface Group {
  readonly name: string;
  readonly adapter: Adapter;
  readonly ratio: number;
}

export interface GroupOptions {
  readonly trials: number;
  /** Turns of each trial; in each one every subject is measured once. */
  readonly turns: number;
  /** Requests of a slice. */
  readonly requests: number;
  readonly warmSlices: number;
  readonly workload: Workload;
  readonly say: (line: string) => void;
}

/**
 * What one subject cost in one trial: the first quartile of its slices. What else runs on the machine makes a slice
 * dearer, never cheaper, and is in many of them but not in all.
 */
export interface Cost extends Slice {
  readonly subject: string;
  readonly isSteady: boolean;
}

/** In every second turn the other way round, so that what drifts steadily is the same for each. */
const inTurn = <T>(all: readonly T[], turn: number): readonly T[] =>
  turn % 2 === 0 ? all : all.toReversed();

/** New processes for each trial; all of them live at the same time, and their slices alternate. */
export async function runGroup(
  rig: Rig,
  { name, adapter, ratio }: Group,
  subjects: readonly Subject[],
  options: GroupOptions,
): Promise<readonly (readonly Cost[])[]> {
  const { trials, turns, requests, workload, say } = options;
  const load = { ratio, requests };
  const found: (readonly Cost[])[] = [];
  for (let trial = 0; trial < trials; trial += 1) {
    const servers: Server[] = [];
    try {
      const steady = new Map<Server, boolean>();
      for (const subject of subjects) {
        const server = await rig.start(subject, { adapter, ratio, env: workload.env });
        servers.push(server);
        steady.set(server, await warm(rig, server, workload, load, options.warmSlices));
      }
      const slices = new Map(servers.map((server) => [server, [] as Slice[]]));
      for (let turn = 0; turn < turns; turn += 1) {
        for (const server of inTurn(servers, turn)) {
          slices.get(server)?.push(await runSlice(rig, server, workload, load));
        }
      }
      const costs = servers.map((server) =>
        costOf(server, slices.get(server) ?? [], steady.get(server) === true),
      );
      say(`${name}, trial ${trial + 1} of ${trials}: ${costs.map(costText).join(', ')}`);
      found.push(costs);
    } finally {
      for (const server of servers) await server.stop();
    }
  }
  return found;
}

function costOf({ subject }: Server, slices: readonly Slice[], isSteady: boolean): Cost {
  const of = (measure: keyof Slice): readonly number[] => slices.map((slice) => slice[measure]);
  return {
    subject: subject.name,
    isSteady,
    cpuUs: quartileOf(of('cpuUs')),
    mainUs: quartileOf(of('mainUs')),
    perSecond: medianOf(of('perSecond')),
    lost: slices.reduce((sum, { lost }) => sum + lost, 0),
    extra: slices.reduce((sum, { extra }) => sum + extra, 0),
  };
}

const costText = ({ subject, cpuUs, isSteady, lost, extra }: Cost): string =>
  `${subject} ${cpuUs.toFixed(1)} us` +
  (isSteady ? '' : ' (not steady)') +
  (lost > 0 ? ` (${lost} lost)` : '') +
  (extra > 0 ? ` (${extra} too many)` : '');
