export interface Spread {
  readonly median: number;
  /** Median of the absolute deviations from the median. */
  readonly mad: number;
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** A quarter of `values` are below the result. */
export const quartileOf = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[values.length >> 2] ?? Number.NaN;

export function spreadOf(values: readonly number[]): Spread {
  const median = medianOf(values);
  return { median, mad: medianOf(values.map((value) => Math.abs(value - median))) };
}

/**
 * Divides each of `values` by the mean of the two references measured just before and after it. A drift of the
 * machine is in both, so the ratio cancels it. `references` is one longer than `values`.
 */
export const ratiosTo = (references: readonly number[], values: readonly number[]): number[] =>
  values.map((value, at) => {
    const before = references[at] ?? Number.NaN;
    return value / ((before + (references[at + 1] ?? before)) / 2);
  });

const STEADY_WINDOW = 3;
const STEADY_WITHIN = 0.03;

/**
 * Whether a series has come to rest: the medians of its last three values and of the three before differ by at most 3 %.
 * What falls steadily, as the cost of code that is still being compiled, is not at rest.
 */
export function isSteady(values: readonly number[]): boolean {
  if (values.length < 2 * STEADY_WINDOW) return false;
  const last = medianOf(values.slice(-STEADY_WINDOW));
  const before = medianOf(values.slice(-2 * STEADY_WINDOW, -STEADY_WINDOW));
  return Math.abs(last - before) <= STEADY_WITHIN * before;
}
