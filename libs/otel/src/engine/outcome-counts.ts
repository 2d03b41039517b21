import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import { GRPC_CODES } from '@nestlens/otlp';
import type { SignalStatus } from './engine.js';

/** gRPC codes of OTLP's table that a further try cannot mend (OTLP specification, "Failures"). */
const REFUSED_GRPC = new Set([2, 3, 5, 6, 7, 9, 12, 13, 16]);

const isRefusal = (code: unknown): boolean =>
  typeof code === 'number' && (code >= 100 ? code < 500 && code !== 429 : REFUSED_GRPC.has(code));

/** In the words of the engine `nestlens`, so that who reads a status need not know which engine runs. */
const reasonOf = (error: Error | undefined): string => {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code === 'number') return code >= 100 ? String(code) : (GRPC_CODES[code] ?? 'UNKNOWN');
  return typeof code === 'string' ? code : (error?.name ?? 'export_failed');
};

/**
 * Counts the outcomes of the items of one signal: created = accepted + rejected + dropped + queued at any
 * moment. The official exporters tell a partial success only in a log line, so that those count as accepted.
 */
export class OutcomeCounts {
  #created = 0;
  #accepted = 0;
  #rejected = 0;
  readonly #dropped: Record<string, number> = {};
  #last: SignalStatus['last'] = { outcome: 'none' };
  readonly #pending = new Set<Promise<void>>();

  created(count: number): void {
    this.#created += count;
  }

  dropped(reason: string, count: number): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + count;
  }

  /**
   * Runs one export; `done` is called once whatever happens: official serializers throw for values that no request
   * holds.
   */
  track(
    count: number,
    start: (done: (result: ExportResult) => void) => void,
    done: (result: ExportResult) => void,
  ): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#pending.add(promise);
    const settled = (result: ExportResult): void => {
      if (!this.#pending.delete(promise)) return;
      this.#settle(count, result);
      resolve();
      done(result);
    };
    try {
      start(settled);
    } catch (error) {
      settled({ code: ExportResultCode.FAILED, error: error as Error });
    }
  }

  /** Resolves when every export that has begun is settled. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  status(): SignalStatus {
    const dropped = Object.values(this.#dropped).reduce((sum, count) => sum + count, 0);
    return {
      accepted: this.#accepted,
      rejected: this.#rejected,
      dropped: { ...this.#dropped },
      queued: Math.max(0, this.#created - this.#accepted - this.#rejected - dropped),
      spooled: 0,
      possibleDuplicates: 0,
      last: this.#last,
    };
  }

  #settle(count: number, { code, error }: ExportResult): void {
    const at = Date.now();
    if (code === ExportResultCode.SUCCESS) {
      this.#accepted += count;
      this.#last = { outcome: 'accepted', at };
      return;
    }
    if (isRefusal((error as { code?: unknown } | undefined)?.code)) this.#rejected += count;
    else this.dropped('export_failed', count);
    this.#last = { outcome: 'failed', at, reason: reasonOf(error) };
  }
}
