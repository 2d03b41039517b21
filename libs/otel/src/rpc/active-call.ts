import { createContextKey } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { contexts } from '../context/contexts.js';

/** The part of a server call that Nest's layers may tell something, found by the context of the call. */
export interface ActiveCall {
  /** Keeps the thrown exception until the final status decides whether it counts. The last one counts. */
  failed(error: unknown, at: number): void;
}

/** An exception that reached Nest's exception layer, and the call in whose context that was. */
interface Noted {
  readonly error: unknown;
  /** Ms since the epoch. */
  readonly at: number;
  readonly active: ActiveCall | undefined;
  isTaken: boolean;
}

const KEY = createContextKey('nestlens.rpc.call');

export const withActiveCall = (context: Context, call: ActiveCall): Context =>
  context.setValue(KEY, call);

export const activeCallOf = (context: Context): ActiveCall | undefined =>
  context.getValue(KEY) as ActiveCall | undefined;

/** The last one of this synchronous run. */
let latest: Noted | undefined;

/**
 * Notes an exception for the call in whose context it is. An Observable may fail in the context of another call, or of
 * none, such as one that many calls share. Nest then answers in the same synchronous run, so until its end the call that
 * answers can take it: {@link takeNoted}.
 */
export const noteException = (error: unknown): void => {
  const active = activeCallOf(contexts.active());
  // Nest asks a filter once for each list in which it stands.
  if (latest?.isTaken === false && latest.error === error && latest.active === active) return;
  const noted: Noted = { error, at: Date.now(), active, isTaken: false };
  latest = noted;
  queueMicrotask(() => {
    if (latest === noted) latest = undefined;
    if (!noted.isTaken) active?.failed(error, noted.at);
  });
};

/** Gives `call`, which answers with an error, the exception behind it if that came in a context other than its own. */
export const takeNoted = (call: ActiveCall): void => {
  if (latest === undefined || latest.isTaken) return;
  const active = activeCallOf(contexts.active());
  if (active === call || active !== latest.active) return;
  latest.isTaken = true;
  call.failed(latest.error, latest.at);
};
