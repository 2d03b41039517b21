/** Options of `forceFlush`, as the SDK's providers have them. */
export interface FlushOptions {
  /** Default: 30,000. */
  readonly timeoutMillis?: number;
}

/** Rejects where something did not reach the collector within `timeoutMs`. */
export type Flush = (timeoutMs: number) => Promise<void>;

/** That of the SDK's providers. */
export const FLUSH_TIMEOUT_MS = 30_000;
