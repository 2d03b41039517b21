type Hook = (run: () => unknown, timeoutMs?: number) => void;

/** The functions that Jest, Vitest (with `globals`) and Jasmine have in common. */
export interface SuiteGlobals {
  readonly describe: (name: string, define: () => void) => void;
  readonly it: (name: string, run: () => unknown, timeoutMs?: number) => void;
  readonly beforeAll: Hook;
  readonly afterAll: Hook;
  readonly beforeEach: Hook;
  readonly afterEach: Hook;
}

const NAMES = ['describe', 'it', 'beforeAll', 'afterAll', 'beforeEach', 'afterEach'] as const;

/** Returns the test runner's globals. Throws if there are none. */
export const suiteGlobals = (): SuiteGlobals => {
  const found = globalThis as Partial<SuiteGlobals>;
  const missing = NAMES.filter((name) => typeof found[name] !== 'function');
  if (missing.length === 0) return found as SuiteGlobals;
  throw new TypeError(
    `needs a test runner with the globals ${NAMES.join(', ')}; missing: ${missing.join(', ')}`,
  );
};
