import { judge } from '../figures/musts.ts';
import type { Judged, MustId } from '../figures/musts.ts';
import type { CommonOptions } from '../figures/report.ts';
import type { Section } from '../figures/section.ts';
import { BARE, OURS, compared, namesIn, perTrial, textOf } from '../figures/trials.ts';
import type { Trials } from '../figures/trials.ts';
import type { Cost } from './group.ts';

export const overheadOf = (one: Cost, bare: Cost): number => one.cpuUs - bare.cpuUs;

/** How much of what the peer costs over bare Nest a subject costs. */
export const shareOf = (one: Cost, peer: Cost, bare: Cost): number =>
  overheadOf(one, bare) / overheadOf(peer, bare);

export const lostBy = (trials: Trials<Cost>, name: string): number =>
  trials.flat().reduce((sum, { subject, lost }) => sum + (subject === name ? lost : 0), 0);

/** A spread over all trials of all groups, since one lost span is one too many. */
export const judgeLost = (all: readonly Trials<Cost>[]): readonly Judged[] => {
  const lost = all.reduce((sum, trials) => sum + lostBy(trials, OURS), 0);
  return all.length === 0 ? [] : [judge('lost', { median: lost, mad: 0 })];
};

/** Returns a remark on each subject whose cost never came to rest, and on each that sent too many spans. */
export const costRemarks = (group: string, trials: Trials<Cost>): readonly string[] =>
  namesIn(trials).flatMap((subject) => {
    const costs = trials.flat().filter((cost) => cost.subject === subject);
    const unsteady = costs.filter(({ isSteady }) => !isSteady).length;
    const extra = costs.reduce((sum, cost) => sum + cost.extra, 0);
    return [
      ...(unsteady === 0
        ? []
        : [
            `${group}: ${subject} was still getting faster in ${unsteady} of ${costs.length} trials`,
          ]),
      ...(extra === 0 ? [] : [`${group}: ${subject} sent ${extra} spans more than it has to`]),
    ];
  });

/** A table of what each subject costs, and which share that is of what a peer costs. */
export function besideSection(title: string, trials: Trials<Cost>, peer: string): Section {
  const section = compared(title, 'us', trials, ({ cpuUs }) => cpuUs);
  const names = namesIn(trials);
  return {
    ...section,
    head: [...section.head, 'overhead / official', 'lost'],
    lines: section.lines.map((cells, at) => {
      const name = names[at] ?? '';
      const share = perTrial(trials, [name, peer, BARE], shareOf);
      const lost = lostBy(trials, name);
      return [...cells, name === BARE ? '-' : textOf(share), lost === 0 ? '0' : `lossy: ${lost}`];
    }),
  };
}

export function judgeBeside(id: MustId, trials: Trials<Cost>, peer: string): readonly Judged[] {
  const share = perTrial(trials, [OURS, peer, BARE], shareOf);
  return share === undefined ? [] : [judge(id, share)];
}

/** How often a bench of this kind measures. */
export const effortOf = ({ quick, trials }: CommonOptions) => ({
  trials: trials ?? (quick ? 3 : 5),
  turns: quick ? 6 : 12,
  warmSlices: quick ? 13 : 26,
});
