import { distance } from 'fastest-levenshtein';

/** One fault of the options: its place, the value found there, and the value to write instead. */
export interface Fault {
  /** Such as `otlp.endpoint`, or the name of a variable. */
  readonly path: string;
  /** The value as it may be shown: secrets masked, long values truncated. `undefined` if there is nothing to show. */
  readonly found: string | undefined;
  readonly remedy: string;
}

const line = ({ path, found, remedy }: Fault): string =>
  `  - ${path}: ${found === undefined ? '' : `found ${found}; `}${remedy}`;

/** Stops the start. Lists every fault at once. */
export class OtelConfigError extends Error {
  override readonly name = 'OtelConfigError';
  readonly code = 'NESTLENS_OTEL_CONFIG';
  declare readonly faults: readonly Fault[];

  /** `cause` is an error that other code threw. */
  constructor(faults: readonly Fault[], cause?: unknown) {
    const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
    super(
      `OtelModule cannot start: ${count} in its configuration.\n${faults.map(line).join('\n')}`,
      cause === undefined ? undefined : { cause },
    );
    // The message has all faults, so that a log of the error needs neither its properties nor our call stack.
    Object.defineProperty(this, 'faults', { value: faults, enumerable: false });
    Object.defineProperty(this, 'stack', { value: `${this.name}: ${this.message}` });
  }
}

/** The known word that `word` was most likely meant to be. `undefined` if none is near. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  const byDistance = known
    .map((candidate) => ({
      candidate,
      steps: distance(word.toLowerCase(), candidate.toLowerCase()),
    }))
    .toSorted((a, b) => a.steps - b.steps);
  const best = byDistance[0];
  return best && best.steps <= Math.max(2, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined;
};
