import { createContextKey } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';

/** The server call that a context belongs to, as far as an interceptor may know it. */
export interface ActiveCall {
  /** True from the first interceptor of ours on; a second one has nothing to add. */
  watched: boolean;
  /** Keeps what was thrown until the final status tells whether it matters. */
  failed(error: unknown): void;
}

const KEY = createContextKey('nestlens.rpc.call');

export const withActiveCall = (context: Context, call: ActiveCall): Context =>
  context.setValue(KEY, call);

export const activeCallOf = (context: Context): ActiveCall | undefined =>
  context.getValue(KEY) as ActiveCall | undefined;
