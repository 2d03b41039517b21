import { LateBoundSlot } from './slot.js';

/** Options of `forceFlush`, as the SDK's providers have them. */
interface FlushOptions {
  /** Deadline in ms. Default: 30,000. */
  readonly timeoutMillis?: number;
}

/** Rejects if an item did not reach the collector within `timeoutMs`. */
type Flush = (timeoutMs: number) => Promise<void>;

/** The timeout of a flush by the SDK's providers. */
export const FLUSH_TIMEOUT_MS = 30_000;

/** A provider that may be asked before the real one exists, and bound again after a release. All signals share it. */
export class LateBoundProvider<Provider extends object, Handle> {
  protected readonly slot = new LateBoundSlot<Provider, Handle>();
  readonly #flush: Flush;

  constructor(flush: Flush = () => Promise.resolve()) {
    this.#flush = flush;
  }

  /** Adds the provider of one app; a process may have several. */
  fill(provider: Provider, app?: object): void {
    this.slot.fill(provider, app);
  }

  unfill(app?: object): void {
    this.slot.unfill(app);
  }

  /** See `LateBoundSlot.arrange`. */
  arrange(apps: Iterable<object>): void {
    this.slot.arrange(apps);
  }

  /**
   * Resolves when the collector has all items made so far. Rejects with the reason if one is missing, or after
   * `timeoutMillis` (default: 30,000 ms). [trace, metrics and logs SDK, ForceFlush]
   */
  forceFlush(options?: FlushOptions): Promise<void> {
    return this.#flush(options?.timeoutMillis ?? FLUSH_TIMEOUT_MS);
  }

  /** Flushes only: providers are closed by the shutdown of their app, in its order. Never rejects. */
  async shutdown(): Promise<void> {
    await this.forceFlush().catch(() => undefined);
  }

  /** Replaces the provider for a recording in tests. `undefined` restores it. */
  take(provider: Provider | undefined): void {
    this.slot.take(provider);
  }

  /** The real provider, or `undefined` while waiting. Same name as on the API's proxy of tracers. */
  getDelegate(): Provider | undefined {
    return this.slot.provider;
  }
}
