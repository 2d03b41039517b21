// What a start costs: CPU time from the start of the process to its first answer. `npm run bench -- start`
import { commonOptions, report } from '../figures/report.ts';
import { judge } from '../figures/musts.ts';
import { BARE, OURS, compared, perTrial } from '../figures/trials.ts';
import { Rig } from '../subjects/rig.ts';
import type { Adapter, Subject } from '../subjects/subjects.ts';
import { NEAREST, inTurns, subjectsNamed } from '../subjects/turns.ts';

const ONE = { connections: 1, count: 1, traced: 0, sampled: 1 };
const MS = 1000;

const options = commonOptions({
  adapter: { type: 'string', default: 'express' },
});
const trials = options.trials ?? (options.quick ? 3 : 9);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const rig = await Rig.set({ against: options.against, say });

/** CPU time in ms, of all threads. */
async function start(subject: Subject): Promise<{ readyMs: number; answeredMs: number }> {
  const server = await rig.start(subject, { adapter: options.adapter as Adapter, ratio: 1 });
  try {
    await rig.generator.closed({ port: server.port, ...ONE });
    const { cpuUs } = await server.usage();
    return { readyMs: server.ready.cpuUs / MS, answeredMs: cpuUs / MS };
  } finally {
    await server.stop();
  }
}

try {
  const how = `${trials} starts of each subject, in turns, ${options.adapter}`;
  await report('start', how, rig.cores.how, options, async () => {
    const found = await inTurns(subjectsNamed(rig, NEAREST), trials, start, say);
    const ratio = perTrial(found, [OURS, BARE], (ours, bare) => ours.answeredMs / bare.answeredMs);
    return {
      sections: [
        compared(
          'CPU from the start of the process to its first answer',
          'ms',
          found,
          (one) => one.answeredMs,
        ),
        compared('of it until the server listens', 'ms', found, (one) => one.readyMs),
      ],
      judged: ratio === undefined ? [] : [judge('start', ratio)],
      remarks: [],
    };
  });
} finally {
  await rig.stop();
}
