import { leakCheck } from '../leak-check.js';
import { fail, installContract, within } from './contract.js';
import type { ContractCase } from './contract.js';

/**
 * A part with start, flush and shutdown. A part that needs no start, or has nothing to flush, lacks that
 * method.
 */
export interface Lifecycle {
  /** Starts the part. Absent if it starts by itself. */
  start?(): unknown;
  /**
   * Settles when everything present at the call is settled, or when the signal aborts. Absent if there is
   * nothing to flush.
   */
  flush?(signal?: AbortSignal): Promise<unknown>;
  /** Settles when everything is closed. When the signal aborts, the rest is closed by force. */
  shutdown(signal?: AbortSignal): Promise<unknown>;
}

/** The subject, and functions to stall it. */
export interface LifecycleSubject {
  readonly subject: Lifecycle;
  /** Makes flush and shutdown hang, for instance because a peer never answers. */
  stall?(): unknown;
  /** Closes the parts that the test set up around the subject. */
  release?(): unknown;
}

/** Makes a subject that is not started. */
export type LifecycleFactory = () => LifecycleSubject | Promise<LifecycleSubject>;

/** Differences between subjects that keep the contract. */
export interface LifecycleContractOptions {
  /** True if the subject can be stalled, which adds the cases with deadlines. Default: false. */
  stalls?: boolean;
}

const LIMIT_MS = 5000;
/** Time to close by force after the signal has aborted. */
const GRACE_MS = 1000;

/**
 * The contract of every part with start, flush and shutdown: each method is safe before start, twice,
 * concurrently and after shutdown; concurrent shutdowns share one promise; an aborted signal ends the wait
 * without a rejection; nothing stays open.
 */
export const lifecycleContract = (
  name: string,
  create: LifecycleFactory,
  options: LifecycleContractOptions = {},
): void => installContract(`${name}: lifecycle`, lifecycleCases(create, options));

/** @internal The cases without a test runner. */
export const lifecycleCases = (
  create: LifecycleFactory,
  { stalls = false }: LifecycleContractOptions = {},
): readonly ContractCase[] => {
  const on = (name: string, run: (made: LifecycleSubject) => Promise<void>): ContractCase => ({
    name,
    run: async () => {
      const check = leakCheck();
      const made = await create();
      try {
        await within(LIMIT_MS, 'the case', run(made));
      } finally {
        await made.subject.shutdown(AbortSignal.abort()).catch(() => {});
        await made.release?.();
      }
      await check.settled();
    },
  });
  return [
    on('may be shut down before start', async ({ subject }) => {
      await subject.shutdown();
    }),
    on('may be flushed before start', async ({ subject }) => {
      await subject.flush?.();
    }),
    on('may be started several times', async ({ subject }) => {
      await Promise.all([subject.start?.(), subject.start?.()]);
      await subject.start?.();
      await subject.shutdown();
    }),
    on('may be flushed concurrently', async ({ subject }) => {
      await subject.start?.();
      await Promise.all([subject.flush?.(), subject.flush?.()]);
    }),
    on('shuts down twice', async ({ subject }) => {
      await subject.start?.();
      await subject.shutdown();
      await subject.shutdown();
    }),
    on('shares one promise among concurrent shutdowns', async ({ subject }) => {
      await subject.start?.();
      const [first, second] = [subject.shutdown(), subject.shutdown()];
      await Promise.all([first, second]);
      if (first !== second) fail('the second shutdown() returned a promise of its own');
    }),
    on('may be flushed after shutdown', async ({ subject }) => {
      await subject.start?.();
      await subject.shutdown();
      await subject.flush?.();
    }),
    ...(stalls ? deadlineCases(on) : []),
  ];
};

const deadlineCases = (
  on: (name: string, run: (made: LifecycleSubject) => Promise<void>) => ContractCase,
): ContractCase[] => {
  const ended = (verb: 'flush' | 'shutdown', late: boolean): ContractCase =>
    on(
      `ends ${verb} ${late ? 'when its signal aborts' : 'if its signal was aborted before'}`,
      async (made) => {
        const { subject } = made;
        await subject.start?.();
        await made.stall?.();
        const abort = new AbortController();
        if (!late) abort.abort();
        const run = subject[verb]?.(abort.signal);
        if (late) setImmediate(() => abort.abort());
        if (run !== undefined) await within(GRACE_MS, `${verb}() with an aborted signal`, run);
      },
    );
  return [
    ended('flush', true),
    ended('flush', false),
    ended('shutdown', true),
    ended('shutdown', false),
  ];
};
