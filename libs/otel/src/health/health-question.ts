import type { HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { errorText } from '../secrets/masked-text.js';
import { plainDetail } from './finding-detail.js';
import type { PlainDetail } from './finding-detail.js';
import type { HealthIndicator, HealthState } from './indicator.js';
import { SingleFlight } from './single-flight.js';

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

/** One indicator, asked so that it can neither hang, flood, throw nor spill into a probe. */
export class HealthQuestion {
  readonly #indicator: HealthIndicator;
  readonly #terminus: HealthIndicatorService;
  readonly #timeoutMs: number;
  readonly #flight: SingleFlight<HealthIndicatorResult>;
  #hanging = 0;
  #askedAt = 0;

  constructor(
    indicator: HealthIndicator,
    terminus: HealthIndicatorService,
    limits: { readonly timeoutMs: number; readonly cacheMs: number },
  ) {
    this.#indicator = indicator;
    this.#terminus = terminus;
    this.#timeoutMs = limits.timeoutMs;
    this.#flight = new SingleFlight(() => this.#ask(), limits.cacheMs);
  }

  /** Never rejects. In Terminus' form: `{ [name]: { status, ...detail } }`. */
  ask(): Promise<HealthIndicatorResult> {
    return this.#flight.ask();
  }

  async #ask(): Promise<HealthIndicatorResult> {
    const start = performance.now();
    const { state, detail } = await this.#answer(start);
    const worst = this.#indicator.worst ?? 'down';
    const shown = state === 'down' ? worst : state;
    const responseTimeMs = Math.round(performance.now() - start);
    const session = this.#terminus.check(this.#indicator.name);
    const data = { ...detail, responseTimeMs };
    if (shown === 'up') return session.up(data);
    return shown === 'degraded' ? session.degraded(data) : session.down(data);
  }

  async #answer(start: number): Promise<Answer> {
    const silentMs = Math.round(start - this.#askedAt);
    const mayAsk = silentMs >= HANGING_RETRY_MS && this.#hanging < MAX_HANGING;
    if (this.#hanging > 0 && !mayAsk) {
      return { state: 'down', detail: { message: `no answer for ${silentMs} ms` } };
    }
    this.#askedAt = start;
    this.#hanging += 1;
    let answer: Answer | undefined;
    await this.#terminus
      .check(this.#indicator.name)
      .attempt(async ({ signal }) => {
        const found = await this.#check(signal);
        this.#hanging -= 1;
        answer = found;
      })
      .withTimeout(this.#timeoutMs);
    const message = `no answer within ${this.#timeoutMs} ms`;
    return answer ?? { state: 'down', detail: { message } };
  }

  async #check(signal: AbortSignal): Promise<Answer> {
    try {
      const finding: unknown = await this.#indicator.check(signal);
      const { state, detail } = (finding ?? {}) as { state?: unknown; detail?: unknown };
      if (state === 'up' || state === 'degraded' || state === 'down') {
        return { state, detail: plainDetail(detail) };
      }
      return { state: 'down', detail: { message: 'the indicator returned no state' } };
    } catch (error) {
      return { state: 'down', detail: { message: errorText(error) } };
    }
  }
}
