import type { Clock } from '@nestlens/otlp';
import { aside } from '../context/contexts.js';
import { errorText } from '../secrets/masked-text.js';
import { plainDetail } from './finding-detail.js';
import type { PlainDetail } from './finding-detail.js';
import type { HealthIndicator, HealthState } from '../options/health-indicator.js';

/**
 * A check that hangs is asked again after the first gap, then after twice the gap, up to the longest. A connection may
 * have died silently while its database is well: TCP needs many minutes to tell, a new check needs none.
 */
const FIRST_GAP_MS = 1000;
const LONGEST_GAP_MS = 60_000;

interface Answer {
  readonly state: HealthState;
  readonly detail: PlainDetail;
}

/** The latest answer of an indicator. */
interface Finding extends Answer {
  readonly at: number;
  readonly tookMs: number;
}

/** A check that has neither answered nor reached its deadline. */
interface RunningCheck {
  readonly startedAt: number;
  /** Resolves at its answer or at its deadline. */
  readonly over: Promise<void>;
}

/** The answer of one indicator, as the readiness probe shows it. */
export type IndicatorReport = { readonly status: HealthState } & PlainDetail;

/** The times of a health question, in ms. */
export interface QuestionTimes {
  /** A check without an answer after this time counts as `down`, and its signal aborts. */
  readonly timeoutMs: number;
  /** The longest wait of a probe. A check that takes longer goes on, and the probe gets the finding before it. */
  readonly answerMs: number;
  /** An answer is reused for this time. */
  readonly cacheMs: number;
}

const isState = (value: unknown): value is HealthState =>
  value === 'up' || value === 'degraded' || value === 'down';

/** Ours, or that of `@nestjs/terminus`: `{ [name]: { status, ...detail } }`. */
const findingOf = (answer: unknown): { readonly state: unknown; readonly detail: unknown } => {
  if (typeof answer !== 'object' || answer === null) return { state: undefined, detail: undefined };
  if ('state' in answer) return { detail: undefined, ...answer };
  const [detail] = Object.values(answer) as readonly unknown[];
  const status: unknown = (detail as { status?: unknown } | null | undefined)?.status;
  return { state: status, detail };
};

/** A `HealthCheckError` of terminus 11 has the answer in `causes`; every other error has its message. */
const thrownAnswer = (error: unknown): Answer => {
  const message = errorText(error);
  try {
    const { causes } = error as { readonly causes?: unknown };
    return { state: 'down', detail: { message, ...plainDetail(findingOf(causes).detail) } };
  } catch {
    return { state: 'down', detail: { message } };
  }
};

const STATES: readonly HealthState[] = ['up', 'degraded', 'down'];

const milder = (state: HealthState, worst: HealthState): HealthState =>
  STATES.indexOf(state) > STATES.indexOf(worst) ? worst : state;

/**
 * Asks one indicator so that it cannot hang, flood or throw, nor show secrets in a probe. One check runs at a time, apart
 * from those that hang. The answer of a later check stands, whatever an earlier one says after it.
 */
export class HealthQuestion {
  readonly #indicator: HealthIndicator;
  readonly #times: QuestionTimes;
  readonly #clock: Clock;
  #finding: Finding | undefined;
  #running: RunningCheck | undefined;
  #started = 0;
  /** The number of the latest check that has answered. */
  #answered = 0;
  #askedAt: number | undefined;
  /** The start of the first check without an answer; undefined while checks answer. */
  #silentSince: number | undefined;
  /** Checks that have neither answered nor failed since their deadline. */
  #hanging = 0;
  #gapMs = FIRST_GAP_MS;
  #askAgainAt = 0;

  constructor(indicator: HealthIndicator, times: QuestionTimes, clock: Clock) {
    this.#indicator = indicator;
    this.#times = times;
    this.#clock = clock;
  }

  /** Never rejects, and takes no longer than `answerMs`. The requests of an indicator are not traced. */
  async ask(): Promise<IndicatorReport> {
    const now = this.#clock.now();
    if (this.#isFresh(now)) return this.report();
    if (this.#running === undefined && now >= this.#askAgainAt) aside(() => this.#start(now));
    if (this.#running !== undefined) await this.#waitFor(this.#running);
    return this.report();
  }

  /** The latest finding, without asking. */
  report(): IndicatorReport {
    const now = this.#clock.now();
    const finding = this.#finding;
    if (this.#silentSince !== undefined || finding === undefined) {
      const silentMs = Math.round(now - (this.#silentSince ?? this.#askedAt ?? now));
      return { status: this.#shown('down'), message: `no answer for ${silentMs} ms` };
    }
    // A check is under way, so this is the finding before it.
    const isEarlier = this.#running !== undefined;
    return {
      status: this.#shown(finding.state),
      ...finding.detail,
      responseTimeMs: finding.tookMs,
      ...(isEarlier && { ageMs: Math.round(now - finding.at) }),
    };
  }

  #shown(state: HealthState): HealthState {
    return milder(state, this.#indicator.worst ?? 'down');
  }

  #isFresh(now: number): boolean {
    const finding = this.#finding;
    if (finding === undefined || this.#silentSince !== undefined) return false;
    return now - finding.at < this.#times.cacheMs;
  }

  async #waitFor(running: RunningCheck): Promise<void> {
    const { promise: waited, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.after(this.#times.answerMs, resolve);
    await Promise.race([running.over, waited]);
    cancel();
  }

  #start(now: number): void {
    const number = (this.#started += 1);
    const abort = new AbortController();
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const running: RunningCheck = { startedAt: now, over };
    this.#running = running;
    this.#askedAt = now;
    const cancel = this.#clock.after(this.#times.timeoutMs, () => {
      this.#passDeadline(running);
      end();
      abort.abort();
    });
    const finish = async (): Promise<void> => {
      const answer = await this.#check(abort.signal);
      cancel();
      this.#settle(number, running, answer, abort.signal.aborted);
      end();
    };
    void finish();
  }

  #passDeadline(running: RunningCheck): void {
    if (this.#running === running) this.#running = undefined;
    this.#silentSince ??= running.startedAt;
    this.#hanging += 1;
    this.#askAgainAt = this.#clock.now() + this.#gapMs;
    this.#gapMs = Math.min(2 * this.#gapMs, LONGEST_GAP_MS);
  }

  #settle(number: number, running: RunningCheck, answer: Answer, isLate: boolean): void {
    if (this.#running === running) this.#running = undefined;
    if (isLate) this.#hanging -= 1;
    if (this.#hanging === 0) this.#askAtOnce();
    // A check that fails after its deadline has counted already; most fail because of the abort.
    const hasCounted = isLate && answer.state === 'down';
    if (number < this.#answered || hasCounted) return;
    const at = this.#clock.now();
    this.#answered = number;
    this.#finding = { ...answer, at, tookMs: Math.round(at - running.startedAt) };
    this.#silentSince = undefined;
    this.#askAtOnce();
  }

  #askAtOnce(): void {
    this.#gapMs = FIRST_GAP_MS;
    this.#askAgainAt = 0;
  }

  async #check(signal: AbortSignal): Promise<Answer> {
    try {
      const { state, detail } = findingOf(await this.#indicator.check(signal));
      if (isState(state)) return { state, detail: plainDetail(detail) };
      return { state: 'down', detail: { message: 'the indicator returned no state' } };
    } catch (error) {
      return thrownAnswer(error);
    }
  }
}
