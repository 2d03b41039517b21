import type { Outcome } from '../send/outcome.js';
import type { Signal } from '../wire/model.js';
import { mistakeAt } from './likely-mistake.js';
import { resolvePipelineOptions } from './pipeline-options.js';
import type { Destination, PipelineOptions, ResolvedPipelineOptions } from './pipeline-options.js';
import type { createTransport as CreateTransport } from './stack.js';

/**
 * The time of one reply, and of its `Date` header. Times in ms since 1970, by the clock of this process.
 *
 * @internal
 */
export interface ReplyDate {
  readonly sentAt: number;
  readonly receivedAt: number;
  /** Undefined where the reply has none, or none that can be read. */
  readonly date: number | undefined;
}

/** The result of one request without items. @internal */
export interface EmptyExport {
  readonly signal: Signal;
  /** `retry` with the reason `aborted` where the signal aborted before an answer came. */
  readonly outcome: Outcome;
  /** Empty where nobody answered in the protocol. */
  readonly replies: readonly ReplyDate[];
  /** The lines that the pipeline would log; secrets that were sent are masked. */
  readonly warnings: readonly { readonly code: string; readonly text: string }[];
  /** The likely mistake and its remedy; empty for none. */
  readonly hint: string;
}

/**
 * Sends one export request without items for each signal that has a destination, as the pipeline would send the first
 * of its telemetry: the same protocol, TLS, proxy, headers and functions for headers. Sends each once.
 *
 * @throws TransportConfigError for a destination that can never work, before anything is sent.
 *
 * @internal
 */
export async function sendEmptyExports(
  options: Pick<PipelineOptions, 'traces' | 'metrics' | 'logs' | 'pool'>,
  signal: AbortSignal,
): Promise<readonly EmptyExport[]> {
  // Loaded here: an application that exports this file sends from a thread, which loads it for itself.
  const { createTransport } = await import('./stack.js');
  const resolved = resolvePipelineOptions(options);
  const all = resolved.sending.destinations.map((to) => prepared(to, resolved, createTransport));
  return Promise.all(all.map((send) => send(signal)));
}

type Send = (signal: AbortSignal) => Promise<EmptyExport>;

function prepared(
  to: Destination,
  { sending, headerFunctions }: ResolvedPipelineOptions,
  createTransport: typeof CreateTransport,
): Send {
  const warnings: EmptyExport['warnings'][number][] = [];
  const replies: ReplyDate[] = [];
  let sentAt = 0;
  const { sender } = createTransport([to], sending, (destination) => ({
    endpoint: destination.endpoint,
    headers: [...destination.headers, ...(headerFunctions[destination.signal] ?? [])],
    ...(destination.tls && { tls: destination.tls }),
    compression: destination.compression,
    warn: (code, text) => void warnings.push({ code, text }),
    onReply: ({ date }) =>
      void replies.push({ sentAt, receivedAt: Date.now(), date: timeOf(date) }),
  }));
  return async (signal) => {
    sentAt = Date.now();
    const batch = { signal: to.signal, items: 0, bytes: 0, chunks: [] };
    const outcome = await sender.send(batch, signal);
    await sender.close();
    const isFailed = outcome.kind === 'retry' || outcome.kind === 'refused';
    const failing = { ...to, hasAnswered: replies.length > 0 };
    const hint = isFailed ? mistakeAt(outcome.reason, failing) : '';
    return { signal: to.signal, outcome, replies, warnings, hint };
  };
}

function timeOf(date: string | undefined): number | undefined {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : time;
}
