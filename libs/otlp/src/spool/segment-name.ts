import type { Items } from './items.js';

/** What a closed segment's name tells, so that opening a spool need not read it. */
export interface SegmentFacts {
  readonly sequence: number;
  /** Unix times of its first and last record in ms. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly bytes: number;
  readonly items: Items;
}

export type SegmentName =
  | { readonly kind: 'open'; readonly sequence: number }
  | ({ readonly kind: 'sealed' } & SegmentFacts);

/** Of the one that is being written; a crash leaves it so. */
export const openName = (sequence: number): string => `${padded(sequence)}.open`;

/** Names sort in the order in which the segments were begun. */
export function sealedName(facts: SegmentFacts): string {
  const { firstMs, lastMs, bytes, items } = facts;
  const rest = [Math.floor(firstMs), Math.ceil(lastMs), bytes];
  const counts = [items.traces, items.metrics, items.logs];
  return `${padded(facts.sequence)}.${[...rest, ...counts].join('.')}.seg`;
}

export function parseSegmentName(name: string): SegmentName | undefined {
  const open = /^(\d{15})\.open$/.exec(name);
  if (open !== null) return { kind: 'open', sequence: Number(open[1]) };
  const sealed = /^(\d{15})((?:\.\d{1,15}){6})\.seg$/.exec(name);
  if (sealed === null) return undefined;
  const [firstMs = 0, lastMs = 0, bytes = 0, traces = 0, metrics = 0, logs = 0] = (sealed[2] ?? '')
    .slice(1)
    .split('.')
    .map(Number);
  const items = { traces, metrics, logs };
  return { kind: 'sealed', sequence: Number(sealed[1]), firstMs, lastMs, bytes, items };
}

const padded = (sequence: number): string => String(sequence).padStart(15, '0');
