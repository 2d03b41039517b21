import { channel } from 'node:diagnostics_channel';
import { OpenResources } from './open-resources.js';
import type { OpenResource } from './open-resources.js';
import { suiteGlobals } from './suite-globals.js';
import { UnmetExpectation } from './unmet-expectation.js';

/** A resource that is still open. */
export type Leftover =
  | ({ readonly kind: 'resource' } & OpenResource)
  /** A process event has more listeners than at the start. */
  | { readonly kind: 'listeners'; readonly event: string; readonly more: number }
  /** A diagnostics channel has more subscribers than at the start. */
  | { readonly kind: 'subscribers'; readonly channel: string; readonly more: number };

/** Options of the wait until everything is closed. */
export interface SettledOptions {
  /** Time until everything must be closed, in ms. Default: 5000. */
  timeoutMs?: number;
}

/** Options of `leakCheck` and `useLeakCheck`. */
export interface LeakCheckOptions extends SettledOptions {
  /** Returns true for a resource that may stay open. Write the reason beside it. Default: none. */
  ignore?: (leftover: Leftover) => boolean;
}

/** A check that has begun. */
export interface LeakCheck {
  /** Returns the resources that are open now and were not at the start. */
  leftovers(): readonly Leftover[];
  /**
   * Resolves when nothing is left open. Rejects with a list of the open resources and where they were made. Ends the
   * check.
   */
  settled(options?: SettledOptions): Promise<void>;
}

const EVENTS = [
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGUSR2',
  'uncaughtException',
  'uncaughtExceptionMonitor',
  'unhandledRejection',
  'beforeExit',
  'exit',
  'warning',
] as const;

const CHANNELS = [
  'http.server.request.start',
  'http.server.response.created',
  'http.server.response.finish',
  'http.client.request.created',
  'http.client.request.start',
  'http.client.request.error',
  'http.client.response.finish',
  'http2.server.stream.created',
  'http2.server.stream.start',
  'http2.server.stream.error',
  'http2.server.stream.finish',
  'http2.server.stream.close',
  'http2.client.stream.created',
  'http2.client.stream.start',
  'http2.client.stream.error',
  'http2.client.stream.finish',
  'http2.client.stream.close',
  'net.client.socket',
  'net.server.socket',
  'undici:request:create',
  'undici:request:bodySent',
  'undici:request:bodyChunkSent',
  'undici:request:bodyChunkReceived',
  'undici:request:headers',
  'undici:request:trailers',
  'undici:request:error',
  'undici:client:sendHeaders',
  'undici:client:beforeConnect',
  'undici:client:connected',
  'undici:client:connectError',
] as const;

/**
 * In this many turns of the event loop closing usually completes. After them the wait pauses between checks.
 */
const QUICK_TURNS = 100;
const PAUSE_MS = 10;

/**
 * Starts a check. It finds sockets, servers, pipes, child processes, watchers, worker threads and referenced
 * timers that any code opens from now on, and process listeners and diagnostics subscribers beyond those of
 * now. The test runner's own timers and the standard streams do not count. Only one check may run at a time.
 */
export const leakCheck = ({ ignore }: Pick<LeakCheckOptions, 'ignore'> = {}): LeakCheck => {
  const listenersBefore = listenerCounts();
  const subscribersBefore = subscriberCounts();
  const resources = new OpenResources().start();

  const leftovers = (): Leftover[] => {
    const all: Leftover[] = [
      ...resources.open().map((one) => ({ kind: 'resource', ...one }) as const),
      ...increases(listenersBefore, listenerCounts()).map(
        ([event, more]) => ({ kind: 'listeners', event, more }) as const,
      ),
      ...increases(subscribersBefore, subscriberCounts()).map(
        ([name, more]) => ({ kind: 'subscribers', channel: name, more }) as const,
      ),
    ];
    return ignore === undefined ? all : all.filter((one) => !ignore(one));
  };

  const settled = async ({ timeoutMs = 5000 }: SettledOptions = {}): Promise<void> => {
    const deadline = performance.now() + timeoutMs;
    try {
      for (let turn = 0; ; turn++) {
        const left = leftovers();
        if (left.length === 0) return;
        if (performance.now() >= deadline) {
          throw new UnmetExpectation('ERR_LEAK', formatLeftovers(left, timeoutMs));
        }
        await resources.pause(turn < QUICK_TURNS ? 0 : PAUSE_MS);
      }
    } finally {
      resources.stop();
    }
  };
  return { leftovers, settled };
};

/**
 * Installs a leak check around the suite in which it is called. Call it before every other hook of that suite,
 * and close resources in nested suites or in tests. After-hooks of the same suite would run too late.
 */
export const useLeakCheck = ({ timeoutMs = 5000, ...options }: LeakCheckOptions = {}): void => {
  const { beforeAll, afterAll } = suiteGlobals();
  let check: LeakCheck | undefined;
  beforeAll(() => {
    check = leakCheck(options);
  });
  afterAll(() => check?.settled({ timeoutMs }), timeoutMs + 2000);
};

export const formatLeftovers = (left: readonly Leftover[], timeoutMs: number): string =>
  [`still there after ${timeoutMs} ms:`, ...left.map((one) => `  - ${format(one)}`)].join('\n');

const format = (one: Leftover): string => {
  switch (one.kind) {
    case 'resource': {
      const detail = one.detail === '' ? '' : ` ${one.detail}`;
      const at = one.madeAt.length === 0 ? 'made by Node' : `made at ${one.madeAt.join(', from ')}`;
      return `${one.type}${detail}, ${at}`;
    }
    case 'listeners':
      return `${one.more} more listener(s) of process event ${one.event}`;
    case 'subscribers':
      return `${one.more} more subscriber(s) of diagnostics channel ${one.channel}`;
  }
};

type Counts = ReadonlyMap<string, number>;

const listenerCounts = (): Counts =>
  new Map(EVENTS.map((event) => [event, process.listenerCount(event)]));

/** Node's API says only whether there are subscribers. A field of its active channels has their number. */
const subscriberCounts = (): Counts =>
  new Map(
    CHANNELS.map((name) => {
      const found: { hasSubscribers: boolean; _subscribers?: readonly unknown[] } = channel(name);
      return [name, found.hasSubscribers ? (found._subscribers?.length ?? 1) : 0];
    }),
  );

const increases = (before: Counts, now: Counts): [string, number][] =>
  [...now]
    .map(([name, count]): [string, number] => [name, count - (before.get(name) ?? 0)])
    .filter(([, more]) => more > 0);
