import type { Measured, Trials } from '../figures/trials.ts';
import type { Rig } from './rig.ts';
import { subjects } from './subjects.ts';
import type { Subject } from './subjects.ts';

/** Bare Nest, ours, ours of another checkout, and the official instrumentation of http alone. */
export const NEAREST: readonly string[] = ['bare', 'ours', 'other', 'http'];

/** The subjects of these names that can run here, in the order of the tables. */
export const subjectsNamed = (rig: Rig, names: readonly string[]): readonly Subject[] =>
  subjects.filter((subject) => rig.has(subject) && names.includes(subject.name));

/** Measures every subject once per trial, in turns, in every second trial the other way round. */
export async function inTurns<Values extends object>(
  all: readonly Subject[],
  trials: number,
  measure: (subject: Subject) => Promise<Values>,
  say: (line: string) => void,
): Promise<Trials<Values & Measured>> {
  const found: (readonly (Values & Measured)[])[] = [];
  for (let trial = 0; trial < trials; trial += 1) {
    const measured = new Map<Subject, Values & Measured>();
    for (const subject of trial % 2 === 0 ? all : all.toReversed()) {
      const values = { ...(await measure(subject)), subject: subject.name };
      say(`trial ${trial + 1} of ${trials}: ${JSON.stringify(values)}`);
      measured.set(subject, values);
    }
    found.push(all.flatMap((subject) => measured.get(subject) ?? []));
  }
  return found;
}
