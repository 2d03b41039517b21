import { lostBy, overheadOf, shareOf } from '../cost/beside.ts';
import { judge, musts } from '../figures/musts.ts';
import type { Judged, MustId } from '../figures/musts.ts';
import type { Bar, Panel, Section } from '../figures/section.ts';
import { spreadOf } from '../figures/statistics.ts';
import { short } from '../figures/table.ts';
import { BARE, HTTP, OURS, kindOf, namesIn, perTrial, textOf, titleOf } from '../figures/trials.ts';
import type { Trials } from '../figures/trials.ts';
import type { Cost, Group } from '../cost/group.ts';
import type { Latency } from './latency.ts';

const ratio = (one: Cost, other: Cost): number => one.cpuUs / other.cpuUs;

const HEAD = [
  'subject',
  'CPU us/request',
  'main thread',
  'over bare',
  'ratio to bare',
  'overhead / http alone',
  'requests/s',
  'lost',
];

const percent = (part: number): string => `${Number((part * 100).toFixed(1))} %`;

export function costSection(group: Group, trials: Trials<Cost>): Section {
  const { adapter, ratio: sampled } = group;
  const names = namesIn(trials);
  const bars: Bar[] = [];
  const lines = names.map((name) => {
    const cpu = perTrial(trials, [name], ({ cpuUs }) => cpuUs);
    const main = perTrial(trials, [name], ({ mainUs }) => mainUs);
    const over = perTrial(trials, [name, BARE], overheadOf);
    const times = perTrial(trials, [name, BARE], ratio);
    const ofHttp = perTrial(trials, [name, HTTP, BARE], shareOf);
    const rate = perTrial(trials, [name], (cost) => cost.perSecond);
    const lost = lostBy(trials, name);
    const added = name === BARE ? 0 : (over?.median ?? 0);
    bars.push({
      label: titleOf(name),
      base: (cpu?.median ?? 0) - added,
      added,
      text: `${short(cpu?.median ?? 0)} us${name === BARE || times === undefined ? '' : `, x${times.median.toFixed(2)}`}${lost > 0 ? ', lossy' : ''}`,
      kind: kindOf(name),
    });
    return [
      titleOf(name),
      textOf(cpu),
      textOf(main),
      name === BARE ? '-' : textOf(over),
      name === BARE ? '-' : textOf(times),
      name === BARE ? '-' : textOf(ofHttp),
      String(Math.round(rate?.median ?? 0)),
      lost === 0 ? '0' : `lossy: ${lost}`,
    ];
  });
  const title = `${adapter === 'express' ? 'Express' : 'Fastify'}, ${percent(sampled)} sampled`;
  return {
    title,
    head: HEAD,
    lines,
    panel: {
      title: `${title}: CPU of the process per request`,
      unit: 'us',
      bars,
      ...mustOf(group, bars),
    },
  };
}

/** Only where everything is sampled on Express the must is a ratio to bare Nest. */
const mustOf = ({ name }: Group, [bare]: readonly Bar[]): Pick<Panel, 'must'> =>
  name === 'express-100' && bare !== undefined
    ? { must: bare.base * musts['express-ratio'].atMost }
    : {};

const OVERHEADS: Readonly<Record<string, MustId>> = {
  'express-100': 'express-overhead',
  'fastify-100': 'fastify-overhead',
  'express-0': 'express-unsampled',
  'fastify-0': 'fastify-unsampled',
};

export function judgeCosts({ name }: Group, trials: Trials<Cost>): readonly Judged[] {
  const judged: Judged[] = [];
  const id = OVERHEADS[name];
  const ofHttp = perTrial(trials, [OURS, HTTP, BARE], shareOf);
  if (id !== undefined && ofHttp !== undefined) judged.push(judge(id, ofHttp));
  const times = perTrial(trials, [OURS, BARE], ratio);
  if (name === 'express-100' && times !== undefined) judged.push(judge('express-ratio', times));
  return judged;
}

export function latencySection(title: string, trials: Trials<Latency>): Section {
  const names = namesIn(trials);
  const rate = spreadOf(trials.map(([first]) => first?.perSecond ?? Number.NaN));
  const lines = names.map((name) => {
    const p50 = perTrial(trials, [name], ({ p50Ms }) => p50Ms);
    const p99 = perTrial(trials, [name], ({ p99Ms }) => p99Ms);
    const times = perTrial(trials, [name, BARE], p99Ratio);
    return [titleOf(name), textOf(p50), textOf(p99), name === BARE ? '-' : textOf(times)];
  });
  return {
    title: `${title}: latency at ${Math.round(rate.median)} requests/s, 70 % of bare's maximum`,
    head: ['subject', 'p50 ms', 'p99 ms', 'p99 / bare'],
    lines,
  };
}

const p99Ratio = (one: Latency, bare: Latency): number => one.p99Ms / bare.p99Ms;

export function judgeLatency(id: MustId, trials: Trials<Latency>): readonly Judged[] {
  const times = perTrial(trials, [OURS, BARE], p99Ratio);
  return times === undefined ? [] : [judge(id, times)];
}
