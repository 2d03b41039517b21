// How many series a service exports that does nothing. `npm run bench -- series`
import { setTimeout } from 'node:timers/promises';
import { commonOptions, report } from '../figures/report.ts';
import { judge } from '../figures/musts.ts';
import { OURS, namesIn, titleOf } from '../figures/trials.ts';
import { Rig } from '../subjects/rig.ts';
import type { Subject } from '../subjects/subjects.ts';
import { NEAREST, inTurns, subjectsNamed } from '../subjects/turns.ts';

const EXPORT_MS = 2000;
const LOOK_MS = 200;
const LATEST_MS = 20_000;

const options = commonOptions({});
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const rig = await Rig.set({ against: options.against, say });

type Points = Readonly<Record<string, number>>;

/** Returns the data points of the next export of metrics. */
async function nextPoints(): Promise<Points> {
  for (let waited = 0; waited < LATEST_MS; waited += LOOK_MS) {
    const { points } = await rig.sink.take({ hold: false, inspect: true });
    if (Object.keys(points).length > 0) return points;
    await setTimeout(LOOK_MS);
  }
  return {};
}

async function measure(subject: Subject): Promise<{ points: Points }> {
  await rig.sink.take({ hold: false, inspect: true });
  const server = await rig.start(subject, {
    adapter: 'express',
    ratio: 1,
    env: { OTEL_METRIC_EXPORT_INTERVAL: String(EXPORT_MS) },
  });
  try {
    // The first may come before all that is observed has a value.
    await nextPoints();
    return { points: await nextPoints() };
  } finally {
    await server.stop();
  }
}

const sum = (points: Points): number =>
  Object.values(points).reduce((total, count) => total + count, 0);

try {
  await report('series', 'one export of metrics, no request', rig.cores.how, options, async () => {
    const exporting = NEAREST.filter((name) => name !== 'bare');
    const found = await inTurns(subjectsNamed(rig, exporting), 1, measure, say);
    const [all = []] = found;
    const metrics = [...new Set(all.flatMap(({ points }) => Object.keys(points)))].toSorted();
    const ours = all.find(({ subject }) => subject === OURS);
    return {
      sections: [
        {
          title: 'Series of an idle service, by metric',
          head: ['metric', ...namesIn(found).map(titleOf)],
          lines: [
            ...metrics.map((name) => [
              name,
              ...all.map(({ points }) => String(points[name] ?? '')),
            ]),
            ['all', ...all.map(({ points }) => String(sum(points)))],
          ],
        },
      ],
      judged: ours === undefined ? [] : [judge('series', { median: sum(ours.points), mad: 0 })],
      remarks: [],
    };
  });
} finally {
  await rig.stop();
}
