import { Backoff } from '../send/backoff.js';
import { writeAll, type Disk } from './disk.js';
import type { SpoolContext } from './spool-context.js';
import type { SpoolState } from './spool.js';

const HEALTHY: SpoolState = { kind: 'healthy' };
const RETRY = new Backoff({ firstMs: 1000, maxMs: 15_000 });
const REPEAT_MS = 60_000;
const MAX_TRIAL_BYTES = 1024 * 1024;

/** Remembers that the disk fails, and tries it until it works again. */
export class DiskHealth {
  readonly #context: SpoolContext;
  readonly #path: string;
  readonly #trial: (bytes: number) => Promise<void>;
  /** The time of the last event for each error code. */
  readonly #toldMs = new Map<string, number>();
  #state: SpoolState = HEALTHY;
  /** Failures in a row. */
  #failures = 0;
  /** The largest write that failed. */
  #bytes = 0;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  /** `trial` repeats the failed operation with that many bytes. It throws the errors of the disk. */
  constructor(context: SpoolContext, path: string, trial: (bytes: number) => Promise<void>) {
    this.#context = context;
    this.#path = path;
    this.#trial = trial;
  }

  get state(): SpoolState {
    return this.#state;
  }

  fail(code: string, bytes: number): void {
    this.#bytes = Math.min(MAX_TRIAL_BYTES, Math.max(this.#bytes, bytes));
    if (this.#state.kind === 'failed' || this.#isClosed) return;
    const sinceMs = this.#context.clock.now();
    this.#state = { kind: 'failed', code, sinceMs };
    this.#failures = 0;
    this.#retryLater();
    const toldMs = this.#toldMs.get(code);
    if (toldMs !== undefined && sinceMs - toldMs < REPEAT_MS) return;
    this.#toldMs.set(code, sinceMs);
    this.#context.emit({ kind: 'failed', code, path: this.#path });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  #retryLater(): void {
    this.#failures += 1;
    this.#cancel = this.#context.clock.after(
      RETRY.afterMs(this.#failures),
      () => void this.#retry(),
    );
  }

  async #retry(): Promise<void> {
    try {
      await this.#trial(this.#bytes);
    } catch {
      if (!this.#isClosed) this.#retryLater();
      return;
    }
    if (this.#state.kind !== 'failed' || this.#isClosed) return;
    const afterMs = this.#context.clock.now() - this.#state.sinceMs;
    this.#state = HEALTHY;
    this.#bytes = 0;
    this.#context.emit({ kind: 'healed', afterMs, path: this.#path });
  }
}

/** Writes a file of that size and removes it. Throws the errors of the disk. */
export async function tryWriting(disk: Disk, path: string, bytes: number): Promise<void> {
  const file = await disk.open(path, 'update');
  try {
    await writeAll(disk, file, [new Uint8Array(bytes)], 0);
    await disk.fsync(file);
  } finally {
    await disk.close(file);
    await disk.remove(path).catch(() => undefined);
  }
}
