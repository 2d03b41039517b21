import { createContextKey } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';

/** The part of a server call that an interceptor may know, by the context of the call. */
export interface ActiveCall {
  /** True from the first interceptor of ours on; a second one has nothing to add. */
  watched: boolean;
  /** Keeps the thrown exception until the final status decides whether it counts. */
  failed(error: unknown): void;
}

const KEY = createContextKey('nestlens.rpc.call');

export const withActiveCall = (context: Context, call: ActiveCall): Context =>
  context.setValue(KEY, call);

export const activeCallOf = (context: Context): ActiveCall | undefined =>
  context.getValue(KEY) as ActiveCall | undefined;
