import { suiteGlobals } from '../suite-globals.js';
import { UnmetExpectation } from '../unmet-expectation.js';

/** One promise of a contract, and the case that proves it. */
export interface ContractCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

const CASE_LIMIT_MS = 20_000;

/** Installs the cases as a suite, with the test runner's globals. */
export const installContract = (name: string, cases: readonly ContractCase[]): void => {
  const { describe, it } = suiteGlobals();
  describe(name, () => {
    for (const one of cases) it(one.name, one.run, CASE_LIMIT_MS);
  });
};

export const fail = (message: string): never => {
  throw new UnmetExpectation('ERR_CONTRACT', message);
};

/** Rejects if `run` has not settled after `limitMs`. */
export const within = async <T>(limitMs: number, what: string, run: Promise<T>): Promise<T> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      reject(new UnmetExpectation('ERR_CONTRACT', `${what} did not come back in ${limitMs} ms`)),
    limitMs,
  );
  try {
    return await Promise.race([run, promise]);
  } finally {
    clearTimeout(timer);
  }
};
