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

/** Called for each file when a spool is opened, of which there may be very many. */
export function parseSegmentName(name: string): SegmentName | undefined {
  if (name.endsWith('.open') && name.length === DIGITS + 5) {
    const sequence = Number(name.slice(0, DIGITS));
    return Number.isInteger(sequence) ? { kind: 'open', sequence } : undefined;
  }
  const parts = name.split('.');
  if (parts.length !== 8 || parts[7] !== 'seg' || parts[0]?.length !== DIGITS) return undefined;
  let sum = 0;
  const next = (at: number): number => {
    const number = Number(parts[at]);
    // Undone by any part that is no count.
    sum += number >= 0 && number <= Number.MAX_SAFE_INTEGER ? number % 1 : Number.NaN;
    return number;
  };
  const [sequence, firstMs, lastMs, bytes] = [next(0), next(1), next(2), next(3)];
  const items = { traces: next(4), metrics: next(5), logs: next(6) };
  if (sum !== 0) return undefined;
  return { kind: 'sealed', sequence, firstMs, lastMs, bytes, items };
}

const DIGITS = 15;

const padded = (sequence: number): string => String(sequence).padStart(DIGITS, '0');
