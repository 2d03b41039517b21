import type { ExportReply } from '@nestlens/otlp/receiver';
import type { Signal } from '@nestlens/otlp/wire';

/** gRPC status UNAVAILABLE. */
const UNAVAILABLE = 14;

/** Accepts all items. */
export const accept = (): ExportReply => ({ kind: 'accepted' });

/** Accepts all items except `rejected` (OTLP "Partial Success"). 0 with a message is a warning. */
export const partial = (rejected: number, message = 'scripted: partial'): ExportReply => ({
  kind: 'partial',
  rejected,
  message,
});

/**
 * Asks the client to retry after `retryAfterMs`: UNAVAILABLE with RetryInfo, or 429 with Retry-After in whole
 * seconds.
 */
export const throttle = (retryAfterMs: number): ExportReply => ({
  kind: 'refused',
  code: UNAVAILABLE,
  httpStatus: 429,
  message: 'scripted: throttled',
  retryAfterMs,
});

/** Answers UNAVAILABLE, or 503: another attempt may succeed. */
export const unavailable = (): ExportReply => ({
  kind: 'refused',
  code: UNAVAILABLE,
  httpStatus: 503,
  message: 'scripted: unavailable',
});

/** Answers any gRPC status. Default over HTTP: the status of OTLP's table. */
export const refuse = (code: number, httpStatus?: number): ExportReply => ({
  kind: 'refused',
  code,
  message: `scripted: refused with ${code}`,
  ...(httpStatus === undefined ? {} : { httpStatus }),
});

/** Never answers. The connection stays open. */
export const hang = (): ExportReply => ({ kind: 'hang' });

/** Resets the connection instead of answering. */
export const reset = (): ExportReply => ({ kind: 'reset' });

/** Gives scripted answers, each once, in order. After them it gives the standing answer. */
export class ReplyScript {
  readonly #forAny: ExportReply[] = [];
  readonly #forSignal: Record<Signal, ExportReply[]> = { traces: [], metrics: [], logs: [] };
  #standing: ExportReply = accept();

  /** Adds answers for the next requests of any signal. */
  next(...replies: readonly ExportReply[]): this {
    this.#forAny.push(...replies);
    return this;
  }

  /** Adds answers for the next requests of one signal. They come before those for any signal. */
  nextOf(signal: Signal, ...replies: readonly ExportReply[]): this {
    this.#forSignal[signal].push(...replies);
    return this;
  }

  /** Sets the answer for every request without a scripted one. Default: {@link accept}. */
  otherwise(reply: ExportReply): this {
    this.#standing = reply;
    return this;
  }

  /** Empties the script, and accepts every request again. */
  clear(): this {
    for (const queue of [this.#forAny, ...Object.values(this.#forSignal)]) queue.length = 0;
    return this.otherwise(accept());
  }

  /** @internal The receiver asks once for each request. */
  take(signal: Signal): ExportReply {
    return this.#forSignal[signal].shift() ?? this.#forAny.shift() ?? this.#standing;
  }
}
