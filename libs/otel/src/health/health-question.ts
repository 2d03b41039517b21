import { aside } from '../context/contexts.js';
import { errorText } from '../secrets/masked-text.js';
import { plainDetail } from './finding-detail.js';
import type { PlainDetail } from './finding-detail.js';
import type { HealthIndicator, HealthState } from '../options/health-indicator.js';
import { SingleFlight } from './single-flight.js';
import { withinMs } from './time-box.js';

/**
 * A check that hangs is not asked again, or a database that hangs would collect pings. But a connection that has died
 * silently may hang for many minutes after its database came back: so once in a while, and not for ever, one more.
 */
const HANGING_RETRY_MS = 30_000;
const MAX_HANGING = 3;

interface Answer {
  readonly state: HealthState;
  readonly detail: PlainDetail;
}

/** The answer of one indicator, as the readiness probe shows it. */
export type IndicatorReport = { readonly status: HealthState } & PlainDetail;

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

/** A `HealthCheckError` of terminus 11 has the answer in `causes`; of everything else there is the message. */
const thrownAnswer = (error: unknown): Answer => {
  const message = errorText(error);
  try {
    const { causes } = error as { readonly causes?: unknown };
    return { state: 'down', detail: { message, ...plainDetail(findingOf(causes).detail) } };
  } catch {
    return { state: 'down', detail: { message } };
  }
};

/** Asks one indicator so that it cannot hang, flood or throw, nor show secrets in a probe. */
export class HealthQuestion {
  readonly #indicator: HealthIndicator;
  readonly #timeoutMs: number;
  readonly #flight: SingleFlight<IndicatorReport>;
  #hanging = 0;
  #askedAt = 0;

  constructor(
    indicator: HealthIndicator,
    limits: { readonly timeoutMs: number; readonly cacheMs: number },
  ) {
    this.#indicator = indicator;
    this.#timeoutMs = limits.timeoutMs;
    this.#flight = new SingleFlight(() => this.#ask(), limits.cacheMs);
  }

  /** Never rejects. The requests of an indicator are not traced. */
  ask(): Promise<IndicatorReport> {
    return aside(() => this.#flight.ask());
  }

  async #ask(): Promise<IndicatorReport> {
    const start = performance.now();
    const { state, detail } = await this.#answer(start);
    const worst = this.#indicator.worst ?? 'down';
    const shown = state === 'down' ? worst : state;
    const responseTimeMs = Math.round(performance.now() - start);
    return { status: shown, ...detail, responseTimeMs };
  }

  async #answer(start: number): Promise<Answer> {
    const silentMs = Math.round(start - this.#askedAt);
    const mayAsk = silentMs >= HANGING_RETRY_MS && this.#hanging < MAX_HANGING;
    if (this.#hanging > 0 && !mayAsk) {
      return { state: 'down', detail: { message: `no answer for ${silentMs} ms` } };
    }
    this.#askedAt = start;
    this.#hanging += 1;
    const answer = await withinMs(this.#timeoutMs, async (signal) => {
      const found = await this.#check(signal);
      this.#hanging -= 1;
      return found;
    });
    const message = `no answer within ${this.#timeoutMs} ms`;
    return answer ?? { state: 'down', detail: { message } };
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
