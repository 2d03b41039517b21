// Where the time of a request goes: a flame graph of a server, and its difference to bare Nest by package.
// `npm run bench -- profile [--subject ours] [--adapter express] [--ratio 1] [--requests 40000] [--out <file>.svg]`
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { flameGraph } from '../charts/flame.ts';
import { describeMachine, machineLines } from '../figures/machine.ts';
import { tableOf } from '../figures/table.ts';
import { warm } from '../cost/slice.ts';
import { httpRequests } from '../cost/workload.ts';
import { Rig } from '../subjects/rig.ts';
import type { Adapter, Subject } from '../subjects/subjects.ts';
import { subjectsNamed } from '../subjects/turns.ts';
import { framesOf, selfByOwner } from './cpu-profile.ts';
import type { CpuProfile, Frame } from './cpu-profile.ts';

const WARM_SLICES = 15;
const WARM_REQUESTS = 4000;
const workload = httpRequests();

const { values: options } = parseArgs({
  options: {
    subject: { type: 'string', default: 'ours' },
    adapter: { type: 'string', default: 'express' },
    ratio: { type: 'string', default: '1' },
    requests: { type: 'string', default: '40000' },
    against: { type: 'string' },
    out: { type: 'string' },
  },
});
const folder = fileURLToPath(new URL('../../.nestlens', import.meta.url));
const out = resolve(options.out ?? `${folder}/profile-${options.subject}.svg`);
const requests = Number(options.requests);
const ratio = Number(options.ratio);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
// As built: in few files, as published, nobody sees the rooms.
const rig = await Rig.set({ against: options.against, say, form: 'built' });

async function profileOf(subject: Subject): Promise<CpuProfile> {
  const server = await rig.start(subject, { adapter: options.adapter as Adapter, ratio });
  try {
    await warm(rig, server, workload, { ratio, requests: WARM_REQUESTS }, WARM_SLICES);
    await server.startProfile();
    await workload.run(rig, server, { ratio, requests });
    return await server.stopProfile<CpuProfile>();
  } finally {
    await server.stop();
  }
}

/** Time per request in each package itself, and what is more of it than in bare Nest. */
function differences(frames: Frame, bare: Frame): string {
  const [ours, without] = [selfByOwner(frames), selfByOwner(bare)];
  const us = (map: ReadonlyMap<string, number>, owner: string): number =>
    (map.get(owner) ?? 0) / requests;
  const lines = [...new Set([...ours.keys(), ...without.keys()])]
    .map((owner) => [owner, us(ours, owner), us(without, owner)] as const)
    .toSorted(([, a, b], [, c, d]) => c - d - (a - b))
    .map(([owner, one, other]) => [owner, one, other, one - other] as const)
    .filter(([, one, other]) => one + other >= 0.05);
  const total = ['all', frames.us / requests, bare.us / requests] as const;
  return tableOf(
    ['package or room', `${options.subject}, us`, 'bare, us', 'difference'],
    [...lines, [...total, total[1] - total[2]] as const].map(([owner, ...times]) => [
      owner,
      ...times.map((time) => time.toFixed(2)),
    ]),
  );
}

try {
  console.log(machineLines(describeMachine(rig.cores.how)).join('\n'));
  const [subject] = subjectsNamed(rig, [options.subject]);
  const [bare] = subjectsNamed(rig, ['bare']);
  if (subject === undefined || bare === undefined) throw new Error(`no ${options.subject} here`);
  const profile = await profileOf(subject);
  const frames = framesOf(profile);
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out.replace(/\.svg$/, '.cpuprofile'), JSON.stringify(profile));
  const svg = flameGraph(frames, {
    title: `The path of a request: ${subject.title}`,
    subtitle: `${options.adapter}, ${ratio * 100} % sampled, ${requests} requests, Node ${process.version}`,
    requests,
  });
  writeFileSync(out, svg);
  console.log(`\n${differences(frames, framesOf(await profileOf(bare)))}\n\n${out}`);
} finally {
  await rig.stop();
}
