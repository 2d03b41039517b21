// Compares the export pipeline with the official gRPC exporter and batch processor. Trials alternate, each in a
// new process. Prints medians ± median absolute deviations. Each ratio compares trials that ran next to each
// other. `figures` lists the bounds.
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Sink } from '../sink/start-sink.ts';
import { figures, groups } from './groups.ts';
import { rowOf, tableOfRows } from './rows.ts';
import type { Row } from './rows.ts';
import { checkDelivery, runGroup } from './rounds.ts';
import type { Series } from './rounds.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    assert: { type: 'boolean', default: false },
    /** Three trials for a quick look. With seven the verdicts are more reliable. */
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    fresh: { type: 'string', default: '3' },
    /** One trial of each variant. Writes CPU profiles of all threads to this directory. */
    profile: { type: 'string' },
  },
});

const versionOf = (name: string): string => {
  const read = createRequire(import.meta.url);
  const { version } = read(`../../node_modules/${name}/package.json`) as { version: string };
  return `${name} ${version}`;
};

const trials = options.profile !== undefined ? 1 : options.quick ? 3 : 7;
const fresh = Number(options.fresh);
const profileDirectory = options.profile === undefined ? undefined : resolve(options.profile);
if (profileDirectory !== undefined) mkdirSync(profileDirectory, { recursive: true });

const header = {
  node: process.version,
  processor: `${cpus()[0]?.model ?? 'unknown'} x ${availableParallelism()}`,
  load: loadavg().map((load) => load.toFixed(2)),
  trials,
  span: `10 attributes of 20 + 20 characters, ${fresh} values new with each span`,
  official: [
    versionOf('@opentelemetry/exporter-trace-otlp-grpc'),
    versionOf('@opentelemetry/sdk-trace'),
  ],
};

const progress = (text: string): void => void process.stderr.write(`${text}\n`);
const collector = await Sink.start();
const rounds = { collector, trials, fresh, profileDirectory, progress };
const chosen = groups.filter(({ name }) => name.includes(options.only));
const bytesPerSpan = new Map<string, number>();
for (const variant of chosen.flatMap(({ variants }) => variants)) {
  const { subject, compression } = variant;
  const name = `${subject} ${compression}`;
  if (subject === 'noop' || bytesPerSpan.has(name)) continue;
  bytesPerSpan.set(name, Math.round(await checkDelivery(variant, rounds)));
}
const found = new Map<string, readonly Series[]>();
for (const group of chosen) found.set(group.name, await runGroup(group, rounds));
await collector.stop();

const rows = figures
  .map((figure) => rowOf(figure, found.get(figure.group) ?? []))
  .filter((row): row is Row => row !== undefined);
const loadAfter = loadavg().map((load) => load.toFixed(2));

if (options.json) {
  const series = Object.fromEntries(found);
  const requestBytes = Object.fromEntries(bytesPerSpan);
  console.log(JSON.stringify({ ...header, loadAfter, requestBytes, rows, series }, null, 2));
} else {
  console.log(`Node ${header.node} on ${header.processor}, load average ${header.load.join(' ')}`);
  console.log(`${header.span}; ${trials} trials; ${header.official.join(', ')}\n`);
  console.log(tableOfRows(rows));
  const sizes = [...bytesPerSpan].map(([name, bytes]) => `${name} ${bytes}`);
  console.log(`\nrequest bytes per span: ${sizes.join(', ')}`);
  console.log(`load average at the end ${loadAfter.join(' ')}`);
}
if (options.assert && rows.some(({ verdict }) => verdict === 'falls short')) process.exitCode = 1;
