import type { ExportReply } from '@nestlens/otlp/receiver';
import type { Signal } from '@nestlens/otlp/wire';

/** gRPC status UNAVAILABLE. */
const UNAVAILABLE = 14;

/** Takes all of it. */
export const accept = (): ExportReply => ({ kind: 'accepted' });

/** Takes it but for `rejected` items (OTLP "Partial Success"); 0 with a message is a warning. */
export const partial = (rejected: number, message = 'scripted: partial'): ExportReply => ({
  kind: 'partial',
  rejected,
  message,
});

/** Asks to come back after `retryAfterMs`: UNAVAILABLE with RetryInfo, or 429 with Retry-After in whole seconds. */
export const throttle = (retryAfterMs: number): ExportReply => ({
  kind: 'refused',
  code: UNAVAILABLE,
  httpStatus: 429,
  message: 'scripted: throttled',
  retryAfterMs,
});

/** UNAVAILABLE, or 503: a further try may work. */
export const unavailable = (): ExportReply => ({
  kind: 'refused',
  code: UNAVAILABLE,
  httpStatus: 503,
  message: 'scripted: unavailable',
});

/** Any gRPC status. Default over HTTP: what OTLP's table makes of it. */
export const refuse = (code: number, httpStatus?: number): ExportReply => ({
  kind: 'refused',
  code,
  message: `scripted: refused with ${code}`,
  ...(httpStatus === undefined ? {} : { httpStatus }),
});

/** Never answers; the connection stays. */
export const hang = (): ExportReply => ({ kind: 'hang' });

/** Cuts the connection instead of an answer. */
export const reset = (): ExportReply => ({ kind: 'reset' });

/** Answers to come, each given once, in their order; then the standing answer. */
export class ReplyScript {
  readonly #forAny: ExportReply[] = [];
  readonly #forSignal: Record<Signal, ExportReply[]> = { traces: [], metrics: [], logs: [] };
  #standing: ExportReply = accept();

  /** For the next requests of any signal. */
  next(...replies: readonly ExportReply[]): this {
    this.#forAny.push(...replies);
    return this;
  }

  /** For the next requests of one signal; they go before those for any. */
  nextOf(signal: Signal, ...replies: readonly ExportReply[]): this {
    this.#forSignal[signal].push(...replies);
    return this;
  }

  /** For every request that has no scripted answer. Default: {@link accept}. */
  otherwise(reply: ExportReply): this {
    this.#standing = reply;
    return this;
  }

  /** Back to an empty script that accepts. */
  clear(): this {
    for (const queue of [this.#forAny, ...Object.values(this.#forSignal)]) queue.length = 0;
    return this.otherwise(accept());
  }

  /** @internal The receiver asks once for each request. */
  take(signal: Signal): ExportReply {
    return this.#forSignal[signal].shift() ?? this.#forAny.shift() ?? this.#standing;
  }
}
