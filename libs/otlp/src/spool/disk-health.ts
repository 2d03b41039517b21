import { writeAll, type Disk } from './disk.js';
import type { Surroundings } from './surroundings.js';

export type SpoolState =
  | { readonly kind: 'healthy' }
  /** Batches have to stay in memory. Tried again every 15 s at least. */
  | { readonly kind: 'failed'; readonly code: string; readonly sinceMs: number };

const HEALTHY: SpoolState = { kind: 'healthy' };
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 15_000;
const REPEAT_MS = 60_000;
const MAX_TRIAL_BYTES = 1024 * 1024;

/** Remembers that the disk refuses, and tries it until it does not. */
export class DiskHealth {
  readonly #around: Surroundings;
  readonly #path: string;
  readonly #trial: (bytes: number) => Promise<void>;
  readonly #told = new Map<string, number>();
  #state: SpoolState = HEALTHY;
  #retryMs = FIRST_RETRY_MS;
  #bytes = 0;
  #cancel: (() => void) | undefined;
  #closed = false;

  /** `trial` does to the disk what failed, with that many bytes; throws what the disk throws. */
  constructor(around: Surroundings, path: string, trial: (bytes: number) => Promise<void>) {
    this.#around = around;
    this.#path = path;
    this.#trial = trial;
  }

  get state(): SpoolState {
    return this.#state;
  }

  fail(code: string, bytes: number): void {
    this.#bytes = Math.min(MAX_TRIAL_BYTES, Math.max(this.#bytes, bytes));
    if (this.#state.kind === 'failed' || this.#closed) return;
    const { clock, emit } = this.#around;
    const sinceMs = clock.now();
    this.#state = { kind: 'failed', code, sinceMs };
    this.#retryMs = FIRST_RETRY_MS;
    this.#arm();
    const told = this.#told.get(code);
    if (told !== undefined && sinceMs - told < REPEAT_MS) return;
    this.#told.set(code, sinceMs);
    emit({ kind: 'failed', code, path: this.#path });
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #arm(): void {
    this.#cancel = this.#around.clock.after(this.#retryMs, () => void this.#retry());
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }

  async #retry(): Promise<void> {
    try {
      await this.#trial(this.#bytes);
    } catch {
      if (!this.#closed) this.#arm();
      return;
    }
    if (this.#state.kind !== 'failed' || this.#closed) return;
    const afterMs = this.#around.clock.now() - this.#state.sinceMs;
    this.#state = HEALTHY;
    this.#bytes = 0;
    this.#around.emit({ kind: 'healed', afterMs, path: this.#path });
  }
}

/** Leaves nothing behind. Throws what the disk throws. */
export async function tryWriting(disk: Disk, path: string, bytes: number): Promise<void> {
  const file = await disk.open(path, 'update');
  try {
    await writeAll(disk, file, [new Uint8Array(bytes)], 0);
    await disk.sync(file);
  } finally {
    await disk.close(file);
    await disk.remove(path).catch(() => undefined);
  }
}
