/** The status that an indicator found. `degraded` still answers 200. */
export type HealthState = 'up' | 'degraded' | 'down';

/** The answer of an indicator. */
export interface HealthFinding {
  readonly state: HealthState;
  /** Shown in the probe's body. Plain values only; never a secret. */
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

/**
 * The answer of an indicator of `@nestjs/terminus` 11 or 12, there `HealthIndicatorResult`:
 * `{ [name]: { status, ...detail } }`.
 * Its first entry counts, under the name of our indicator. Source: terminus, health-indicator-result.interface.
 */
export type TerminusResult = Readonly<Record<string, { readonly status: HealthState }>>;

/** The answer of a check: ours, or that of terminus. */
export type HealthAnswer = HealthFinding | TerminusResult;

/** One health question. Asked by probes only, with a deadline and a cache. */
export interface HealthIndicator<Answer extends HealthAnswer = HealthAnswer> {
  /** Unique; the key in the probe's body. Letters, digits and `_ . : -`, at most 64. */
  readonly name: string;
  /**
   * The worst it may do to readiness, also when it throws or hangs: with `down` it is required, with `degraded` optional,
   * with `up` it only informs. Default: `down`.
   */
  readonly worst?: HealthState;
  /**
   * Asks. A throw or rejection counts as `down` with its message, and with the detail of a `HealthCheckError` of terminus.
   * The signal aborts at `health.timeoutMs`.
   *
   * A `HealthIndicatorFunction` of `@nestjs/terminus` fits: `check: () => this.http.pingCheck('docs', url)`.
   */
  check(signal: AbortSignal): Answer | PromiseLike<Answer>;
}

/** A probe of the app's own. */
export interface HealthGroup {
  /** It begins with `/`. */
  readonly path: string;
  /** Names of indicators. Default: all. */
  readonly include?: readonly string[];
  /** Names of indicators that are left out. Default: none. */
  readonly exclude?: readonly string[];
}
