/** What an indicator found. `degraded` still answers 200. */
export type HealthState = 'up' | 'degraded' | 'down';

/** What an indicator found. */
export interface HealthFinding {
  readonly state: HealthState;
  /** Shown in the probe's body. Plain values only; never a secret. */
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

/** One health question. Asked by the readiness probe only, time-boxed and cached by us. */
export interface HealthIndicator {
  /** Unique; the key in the probe's body. Letters, digits and `_ . : -`, at most 64. */
  readonly name: string;
  /** The worst it may do to readiness, also when it throws or hangs. Default: `down`. */
  readonly worst?: 'degraded' | 'down';
  /** A throw or rejection counts as `down` with its message. The signal aborts at the time-box. */
  check(signal: AbortSignal): Promise<HealthFinding> | HealthFinding;
}
