import { commonOptions, report } from '../figures/report.ts';
import type { MustId } from '../figures/musts.ts';
import type { Judged } from '../figures/musts.ts';
import type { Section } from '../figures/section.ts';
import type { Trials } from '../figures/trials.ts';
import { Rig } from '../subjects/rig.ts';
import { bare, other, ours } from '../subjects/subjects.ts';
import type { Subject } from '../subjects/subjects.ts';
import { besideSection, costRemarks, effortOf, judgeBeside, judgeLost } from './beside.ts';
import { runGroup } from './group.ts';
import type { Cost } from './group.ts';
import type { Workload } from './workload.ts';

/** One table of a bench: some work, done by bare Nest, by ours and by one peer. */
export interface Beside {
  readonly name: string;
  readonly title: string;
  readonly workload: Workload;
  readonly peer: Subject;
  /** Pieces of work of a slice. */
  readonly requests: number;
  readonly must?: MustId;
}

/** Runs a bench that takes the common options alone, and tells what it found. */
export async function runBeside(bench: string, all: readonly Beside[]): Promise<void> {
  const options = commonOptions({});
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const rig = await Rig.set({ against: options.against, say });
  const effort = effortOf(options);
  const how = `${effort.trials} trials of ${effort.turns} slices in turns; medians ± median absolute deviations of the trials`;
  try {
    await report(bench, how, rig.cores.how, options, async () => {
      const sections: Section[] = [];
      const judged: Judged[] = [];
      const remarks: string[] = [];
      const measured: Trials<Cost>[] = [];
      for (const each of all.filter(({ name }) => name.includes(options.only))) {
        const { name, title, workload, peer, requests, must } = each;
        const subjects = [bare, ours, other, peer].filter((subject) => rig.has(subject));
        const group = { name, adapter: 'express', ratio: 1 } as const;
        const given = { ...effort, requests, workload, say };
        const trials = await runGroup(rig, group, subjects, given);
        measured.push(trials);
        sections.push(besideSection(title, trials, peer.name));
        if (must !== undefined) judged.push(...judgeBeside(must, trials, peer.name));
        remarks.push(...costRemarks(name, trials));
      }
      return { sections, judged: [...judged, ...judgeLost(measured)], remarks };
    });
  } finally {
    await rig.stop();
  }
}
