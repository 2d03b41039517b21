// What the first requests after a start cost, before V8 has compiled what is hot. `npm run bench -- cold`
import { commonOptions, report } from '../figures/report.ts';
import { judge } from '../figures/musts.ts';
import { BARE, OURS, compared, perTrial } from '../figures/trials.ts';
import { CONNECTIONS, TRACED } from '../cost/workload.ts';
import { Rig } from '../subjects/rig.ts';
import type { Server } from '../subjects/server.ts';
import type { Adapter, Subject } from '../subjects/subjects.ts';
import { NEAREST, inTurns, subjectsNamed } from '../subjects/turns.ts';

const FIRST = 1000;
const MORE = 9000;
const MS = 1000;

const options = commonOptions({
  adapter: { type: 'string', default: 'express' },
});
const trials = options.trials ?? (options.quick ? 3 : 7);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const rig = await Rig.set({ against: options.against, say });

/** Returns the CPU time in ms that the server has used, once these requests and their spans are done. */
async function serve(server: Server, count: number): Promise<number> {
  const traffic = { connections: CONNECTIONS, traced: TRACED, sampled: 1 };
  await rig.generator.closed({ port: server.port, count, ...traffic });
  await server.flush();
  return (await server.usage()).cpuUs / MS;
}

async function measure(subject: Subject): Promise<{ firstMs: number; allMs: number }> {
  const server = await rig.start(subject, { adapter: options.adapter as Adapter, ratio: 1 });
  try {
    const readyMs = server.ready.cpuUs / MS;
    const firstMs = (await serve(server, FIRST)) - readyMs;
    const allMs = (await serve(server, MORE)) - readyMs;
    return { firstMs, allMs };
  } finally {
    await server.stop();
  }
}

try {
  const how = `${trials} starts of each subject, in turns, ${options.adapter}`;
  await report('cold', how, rig.cores.how, options, async () => {
    const found = await inTurns(subjectsNamed(rig, NEAREST), trials, measure, say);
    const ratio = perTrial(found, [OURS, BARE], (ours, bare) => ours.firstMs / bare.firstMs);
    return {
      sections: [
        compared('CPU of the first 1,000 requests', 'ms', found, (one) => one.firstMs),
        compared('CPU of the first 10,000 requests', 'ms', found, (one) => one.allMs),
      ],
      judged: ratio === undefined ? [] : [judge('cold', ratio)],
      remarks: [],
    };
  });
} finally {
  await rig.stop();
}
