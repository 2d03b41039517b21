// Resident memory of a service: idle, and under load. `npm run bench -- memory`
import { setTimeout } from 'node:timers/promises';
import { commonOptions, report } from '../figures/report.ts';
import { judge } from '../figures/musts.ts';
import type { MustId } from '../figures/musts.ts';
import { medianOf } from '../figures/statistics.ts';
import { BARE, OURS, compared, perTrial } from '../figures/trials.ts';
import { CONNECTIONS, TRACED } from '../cost/workload.ts';
import { Rig } from '../subjects/rig.ts';
import type { Adapter, Subject } from '../subjects/subjects.ts';
import { NEAREST, inTurns, subjectsNamed } from '../subjects/turns.ts';

const MIB = 2 ** 20;
/** First exports and timers of a start are over by then. */
const QUIET_MS = 3000;
const SLICE = 5000;

const options = commonOptions({
  adapter: { type: 'string', default: 'express' },
});
const trials = options.trials ?? (options.quick ? 3 : 5);
const slices = options.quick ? 8 : 16;
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const rig = await Rig.set({ against: options.against, say });

interface Resident {
  readonly idleMiB: number;
  /** Median of the second half of the load. */
  readonly loadedMiB: number;
}

async function measure(subject: Subject): Promise<Resident> {
  const server = await rig.start(subject, { adapter: options.adapter as Adapter, ratio: 1 });
  const send = (count: number) =>
    rig.generator.closed({
      port: server.port,
      connections: CONNECTIONS,
      count,
      traced: TRACED,
      sampled: 1,
    });
  const resident = async (): Promise<number> => (await server.usage()).rssBytes / MIB;
  try {
    await send(1);
    await setTimeout(QUIET_MS);
    const idleMiB = await resident();
    const loaded: number[] = [];
    for (let slice = 0; slice < slices; slice += 1) {
      await send(SLICE);
      loaded.push(await resident());
    }
    return { idleMiB, loadedMiB: medianOf(loaded.slice(slices / 2)) };
  } finally {
    await server.stop();
  }
}

try {
  const how =
    `${trials} processes of each subject, in turns, ${options.adapter}; ` +
    `idle ${QUIET_MS / 1000} s after the first request, loaded by ${slices * SLICE} requests`;
  await report('memory', how, rig.cores.how, options, async () => {
    const found = await inTurns(subjectsNamed(rig, NEAREST), trials, measure, say);
    const over = (id: MustId, of: (resident: Resident) => number) => {
      const spread = perTrial(found, [OURS, BARE], (ours, bare) => of(ours) - of(bare));
      return spread === undefined ? [] : [judge(id, spread)];
    };
    return {
      sections: [
        compared('Resident memory, idle', 'MiB', found, (one) => one.idleMiB),
        compared('Resident memory under load', 'MiB', found, (one) => one.loadedMiB),
      ],
      judged: [
        ...over('memory-idle', (one) => one.idleMiB),
        ...over('memory-load', (one) => one.loadedMiB),
      ],
      remarks: [],
    };
  });
} finally {
  await rig.stop();
}
