import { ManualClock } from '@nestlens/testing';
import { HealthQuestion } from './health-question.js';
import type { QuestionTimes } from './health-question.js';
import type { HealthFinding, HealthIndicator } from '../options/health-indicator.js';

const TIMES: QuestionTimes = { answerMs: 500, timeoutMs: 2000, cacheMs: 0 };

const asking = (
  check: (signal: AbortSignal) => unknown,
  times: Partial<QuestionTimes> = {},
  worst?: HealthIndicator['worst'],
  clock = new ManualClock(),
): HealthQuestion =>
  new HealthQuestion(
    { name: 'db', worst, check: check as HealthIndicator['check'] },
    { ...TIMES, ...times },
    clock,
  );

/** A question whose checks answer when the spec says so, on a clock that moves when the spec says so. */
const held = (times: Partial<QuestionTimes> = {}, worst?: HealthIndicator['worst']) => {
  const clock = new ManualClock();
  const checks: {
    readonly answer: (state: HealthFinding['state']) => void;
    readonly fail: (error: Error) => void;
    readonly signal: AbortSignal;
  }[] = [];
  const check = (signal: AbortSignal): Promise<HealthFinding> => {
    const { promise, resolve, reject } = Promise.withResolvers<HealthFinding>();
    checks.push({ answer: (state) => resolve({ state }), fail: reject, signal });
    return promise;
  };
  const question = asking(check, times, worst, clock);
  /** Asks, and lets at most `ms` pass until the answer. */
  const askFor = async (ms: number) => {
    const asked = question.ask();
    await clock.advance(ms);
    return asked;
  };
  return { clock, checks, question, askFor };
};

const answerOf = (question: HealthQuestion) => question.ask();

describe('HealthQuestion', () => {
  it.each(['up', 'degraded', 'down'] as const)('passes on %s with its detail', async (state) => {
    const finding: HealthFinding = { state, detail: { rows: 1 } };
    expect(await answerOf(asking(() => finding))).toEqual({
      status: state,
      rows: 1,
      responseTimeMs: expect.any(Number),
    });
  });

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('pg://a:b@c is down');
      },
      'pg://***@c is down',
    ],
    [
      'throws text',
      () => {
        throw 'text';
      },
      'text',
    ],
    ['rejects with nothing', () => Promise.reject(), 'unknown error'],
    ['returns nothing', () => undefined, 'the indicator returned no state'],
    ['returns nonsense', () => ({ state: 'fine' }), 'the indicator returned no state'],
  ])('is down when the indicator %s', async (_, check, message) => {
    expect(await answerOf(asking(check))).toMatchObject({ status: 'down', message });
  });

  it.each<[string, unknown]>([
    ['up', { db: { status: 'up', rows: 1 } }],
    ['degraded', { db: { status: 'degraded' } }],
    ['down', { other: { status: 'down', message: 'lost' } }],
    ['down', { db: { status: 'fine' } }],
    ['down', {}],
    ['down', { db: null }],
  ])('is %s for what an indicator of @nestjs/terminus found: %p', async (status, found) => {
    expect(await answerOf(asking(() => Promise.resolve(found)))).toMatchObject({ status });
  });

  it('is down with the detail of what terminus throws, and with the message of what only looks like it', async () => {
    const thrown = (causes: unknown) => () => {
      throw Object.assign(new Error('failed'), { isHealthCheckError: true, causes });
    };
    const found = { db: { status: 'down', lag: 7, password: 'secret' } };
    const shown = { status: 'down', message: 'failed', lag: 7, password: '***' };
    expect(await answerOf(asking(thrown(found)))).toMatchObject(shown);
    for (const causes of [undefined, 'text', [], { db: null }]) {
      const answer = await answerOf(asking(thrown(causes)));
      expect(answer).toEqual({ ...answer, status: 'down', message: 'failed' });
    }
    const hostile = asking(() => {
      const error = new Error('failed');
      Object.defineProperty(error, 'causes', {
        get() {
          throw new Error('no');
        },
      });
      throw error;
    });
    expect(await answerOf(hostile)).toMatchObject({ status: 'down', message: 'failed' });
  });

  it('shows a detail that cannot be written as JSON', async () => {
    const detail: Record<string, unknown> = { big: 1n };
    detail['self'] = detail;
    const answer = await answerOf(asking(() => ({ state: 'down', detail })));
    expect(answer).toMatchObject({ status: 'down', big: '1', self: '[object]' });
  });

  it('aborts a check at its deadline and counts it as down', async () => {
    const { checks, askFor, clock } = held();
    expect(await askFor(500)).toEqual({ status: 'down', message: 'no answer for 500 ms' });
    expect(checks[0]?.signal.aborted).toBe(false);
    await clock.advance(1500);
    expect(checks[0]?.signal.aborted).toBe(true);
    expect(await askFor(500)).toEqual({ status: 'down', message: 'no answer for 2000 ms' });
    expect(checks).toHaveLength(1);
  });

  it('answers a probe in time with the finding before a check that takes longer', async () => {
    const { checks, askFor } = held({}, 'degraded');
    const first = askFor(0);
    checks[0]?.answer('up');
    expect(await first).toEqual({ status: 'up', responseTimeMs: 0 });
    expect(await askFor(500)).toEqual({ status: 'up', responseTimeMs: 0, ageMs: 500 });
    const slow = askFor(500);
    checks[1]?.answer('down');
    expect(await slow).toMatchObject({ status: 'degraded', responseTimeMs: 500 });
    expect(checks).toHaveLength(2);
  });

  it('lets the answer of a later check stand while earlier ones hang, whatever those say after it', async () => {
    const { checks, askFor, clock } = held();
    await askFor(2000);
    await clock.advance(1000);
    const asked = askFor(0);
    checks[1]?.answer('up');
    expect(await asked).toMatchObject({ status: 'up' });
    checks[0]?.fail(new Error('connection lost'));
    await clock.advance(1);
    const again = askFor(0);
    checks[2]?.answer('up');
    expect(await again).toMatchObject({ status: 'up' });
    expect(checks).toHaveLength(3);
  });

  it('takes a late answer of the latest check, and asks at once after it', async () => {
    const { checks, askFor, question, clock } = held({ cacheMs: 100 });
    await askFor(2000);
    checks[0]?.answer('up');
    await clock.advance(0);
    expect(question.report()).toMatchObject({ status: 'up', responseTimeMs: 2000 });
    await clock.advance(200);
    const asked = askFor(0);
    checks[1]?.answer('up');
    expect(await asked).toMatchObject({ status: 'up', responseTimeMs: 0 });
  });

  it('asks at once again after a check that ended by its abort', async () => {
    const { checks, askFor, clock } = held();
    await askFor(2000);
    checks[0]?.fail(new Error('aborted'));
    await clock.advance(0);
    expect(await askFor(500)).toMatchObject({ status: 'down', message: 'no answer for 2500 ms' });
    expect(checks).toHaveLength(2);
  });

  it('goes on asking while all checks hang, less and less often, and is up with the first answer', async () => {
    const { checks, askFor, clock } = held();
    const asked: number[] = [];
    for (let second = 0; second < 3600; second += 1) {
      const before = checks.length;
      await askFor(500);
      await clock.advance(500);
      if (checks.length > before) asked.push(second);
    }
    expect(asked.slice(0, 8)).toEqual([0, 3, 7, 13, 23, 41, 75, 137]);
    const gaps = asked.slice(8).map((at, index) => at - (asked[index + 7] ?? 0));
    expect(gaps.length).toBeGreaterThan(50);
    expect(new Set(gaps)).toEqual(new Set([62]));
    checks.at(-1)?.answer('up');
    await clock.advance(1);
    const answer = askFor(0);
    checks.at(-1)?.answer('up');
    expect(await answer).toMatchObject({ status: 'up' });
  });

  it.each(['up', 'degraded'] as const)(
    'does no worse than %s where its indicator may not',
    async (worst) => {
      const thrown = asking(() => Promise.reject(new Error('x')), {}, worst);
      expect(await answerOf(thrown)).toMatchObject({ status: worst, message: 'x' });
      const { askFor } = held({}, worst);
      expect(await askFor(500)).toMatchObject({ status: worst });
    },
  );

  it('asks once for many, and again only when the answer is old', async () => {
    let asked = 0;
    const question = asking(() => ({ state: 'up', n: (asked += 1) }), {
      cacheMs: 60_000,
    });
    await Promise.all(Array.from({ length: 200 }, () => question.ask()));
    await question.ask();
    expect(asked).toBe(1);
  });
});
