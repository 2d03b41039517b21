import { everySubject } from '../subjects/subjects.ts';
import type { Bar, Section } from './section.ts';
import { spreadOf } from './statistics.ts';
import type { Spread } from './statistics.ts';
import { short, spreadText } from './table.ts';

export interface Measured {
  /** The name of a subject. */
  readonly subject: string;
}

/** Trials, each with what every subject measured. */
export type Trials<One extends Measured> = readonly (readonly One[])[];

export const BARE = 'bare';
export const OURS = 'ours';
export const HTTP = 'http';

export const titleOf = (name: string): string =>
  everySubject.find((subject) => subject.name === name)?.title ?? name;

export const namesIn = (trials: Trials<Measured>): readonly string[] =>
  (trials[0] ?? []).map(({ subject }) => subject);

/** Computes one value per trial, from what the named subjects measured in it. Skips trials without all of them. */
export function perTrial<One extends Measured, const Names extends readonly string[]>(
  trials: Trials<One>,
  names: Names,
  of: (...measured: { [At in keyof Names]: One }) => number,
): Spread | undefined {
  const values = trials.flatMap((trial) => {
    const found = names.map((name) => trial.find(({ subject }) => subject === name));
    return found.includes(undefined) ? [] : [of(...(found as { [At in keyof Names]: One }))];
  });
  return values.length === 0 ? undefined : spreadOf(values);
}

export const textOf = (spread: Spread | undefined): string =>
  spread === undefined ? '-' : spreadText(spread);

export const kindOf = (name: string): Bar['kind'] =>
  name === BARE ? 'reference' : name === OURS ? 'ours' : 'peer';

/** A table and a chart of one measure: its value, and what it is over bare Nest and in relation to it. */
export function compared<One extends Measured>(
  title: string,
  unit: string,
  trials: Trials<One>,
  of: (measured: One) => number,
): Section {
  const names = namesIn(trials);
  const bars: Bar[] = [];
  const lines = names.map((name) => {
    const value = perTrial(trials, [name], of);
    const over = perTrial(trials, [name, BARE], (one, bare) => of(one) - of(bare));
    const ratio = perTrial(trials, [name, BARE], (one, bare) => of(one) / of(bare));
    const isBare = name === BARE;
    const total = value?.median ?? 0;
    const added = isBare ? 0 : (over?.median ?? 0);
    bars.push({
      label: titleOf(name),
      base: total - added,
      added,
      text: `${short(total)} ${unit}${isBare || ratio === undefined ? '' : `, x${ratio.median.toFixed(2)}`}`,
      kind: kindOf(name),
    });
    return [
      titleOf(name),
      textOf(value),
      isBare ? '-' : textOf(over),
      isBare ? '-' : textOf(ratio),
    ];
  });
  return {
    title,
    head: ['subject', unit, 'over bare', 'ratio to bare'],
    lines,
    panel: { title, unit, bars },
  };
}
