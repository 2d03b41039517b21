// What a traced request costs over bare Nest, in turns with peers: `npm run bench -- http`, after `npm run build`.
// docs/decisions/0038 says how it is measured, and why so.
import { costRemarks, effortOf, judgeLost } from '../cost/beside.ts';
import { runGroup } from '../cost/group.ts';
import type { Cost, Group } from '../cost/group.ts';
import { CONNECTIONS, TRACED, httpRequests } from '../cost/workload.ts';
import { commonOptions, report } from '../figures/report.ts';
import type { Judged } from '../figures/musts.ts';
import type { Section } from '../figures/section.ts';
import { Rig } from '../subjects/rig.ts';
import { subjects } from '../subjects/subjects.ts';
import type { Adapter, Subject } from '../subjects/subjects.ts';
import { NEAREST, subjectsNamed } from '../subjects/turns.ts';
import { costSection, judgeCosts, judgeLatency, latencySection } from './findings.ts';
import { runLatency } from './latency.ts';

const options = commonOptions({
  /** Names of subjects, with commas; bare is always there. */
  subjects: { type: 'string', default: '' },
  /** A log line for each request. */
  log: { type: 'boolean', default: false },
});

const adapters: readonly Adapter[] = ['express', 'fastify'];
const groups = adapters.flatMap((adapter): Group[] =>
  [1, 0.1, 0].map((ratio) => ({ name: `${adapter}-${ratio * 100}`, adapter, ratio })),
);
const isChosen = (name: string): boolean => name.includes(options.only);

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const rig = await Rig.set({ against: options.against, say });

/** All of them where all traces are sampled; else ours and what it is compared with. */
function chosenSubjects(ratio: number): readonly Subject[] {
  const named = options.subjects === '' ? undefined : ['bare', ...options.subjects.split(',')];
  const usual = options.quick || ratio < 1 ? NEAREST : subjects.map(({ name }) => name);
  return subjectsNamed(rig, named ?? usual);
}

const given = {
  ...effortOf(options),
  requests: 3000,
  workload: httpRequests(options.log ? { BENCH_LOG: 'true' } : {}),
  say,
};

const sections: Section[] = [];
const judged: Judged[] = [];
const remarks: string[] = [];
const costs: (readonly (readonly Cost[])[])[] = [];
try {
  await report(
    'http',
    `${given.trials} trials of ${given.turns} x ${given.requests} requests in turns over ${CONNECTIONS} connections; ` +
      `${TRACED * 100} % of the requests carry a traceparent; medians ± median absolute deviations of the trials` +
      (options.log ? '; a log line for each request' : ''),
    rig.cores.how,
    options,
    async () => {
      for (const group of groups.filter(({ name }) => isChosen(name))) {
        const trials = await runGroup(rig, group, chosenSubjects(group.ratio), given);
        costs.push(trials);
        sections.push(costSection(group, trials));
        judged.push(...judgeCosts(group, trials));
        remarks.push(...costRemarks(group.name, trials));
      }
      judged.push(...judgeLost(costs));
      for (const adapter of adapters) {
        const name = `${adapter}-p99` as const;
        if (!isChosen(name)) continue;
        const few = chosenSubjects(0);
        const trials = await runLatency(rig, name, adapter, few, {
          ...given,
          forMs: options.quick ? 2000 : 4000,
        });
        sections.push(latencySection(adapter === 'express' ? 'Express' : 'Fastify', trials));
        judged.push(...judgeLatency(name, trials));
      }
      return { sections, judged, remarks };
    },
  );
} finally {
  await rig.stop();
}
