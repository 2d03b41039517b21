/** What the SDK's parts ask of the pipeline, for their signal. Neither rejects. */
export interface Part {
  /** Resolves when everything taken so far is settled, or at the deadline. */
  flush(): Promise<void>;
  /** Takes nothing more, then flushes. The last part to be shut down closes the pipeline. */
  shutdown(): Promise<void>;
}
