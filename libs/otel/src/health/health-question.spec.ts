import { HealthQuestion } from './health-question.js';
import type { HealthFinding, HealthIndicator } from '../options/health-indicator.js';

const NOW = { timeoutMs: 1000, cacheMs: 0 };

const asking = (
  check: () => unknown,
  limits = NOW,
  worst?: HealthIndicator['worst'],
): HealthQuestion =>
  new HealthQuestion({ name: 'db', worst, check: check as HealthIndicator['check'] }, limits);

const answerOf = (question: HealthQuestion) => question.ask();

describe('HealthQuestion', () => {
  it.each(['up', 'degraded', 'down'] as const)(
    'passes on the state %s with its detail',
    async (state) => {
      const finding: HealthFinding = { state, detail: { rows: 1 } };
      expect(await answerOf(asking(() => finding))).toEqual({
        status: state,
        rows: 1,
        responseTimeMs: expect.any(Number),
      });
    },
  );

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
  ])('is down if the indicator %s', async (_, check, message) => {
    expect(await answerOf(asking(check))).toMatchObject({ status: 'down', message });
  });

  it.each<[string, unknown]>([
    ['up', { db: { status: 'up', rows: 1 } }],
    ['degraded', { db: { status: 'degraded' } }],
    ['down', { other: { status: 'down', message: 'lost' } }],
    ['down', { db: { status: 'fine' } }],
    ['down', {}],
    ['down', { db: null }],
  ])('is %s for this result of an indicator of @nestjs/terminus: %p', async (status, found) => {
    expect(await answerOf(asking(() => Promise.resolve(found)))).toMatchObject({ status });
  });

  it('is down with the detail of an error of terminus, and with the message of an error that only looks like one', async () => {
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

  it('ends a check at its time limit, aborts its signal, and starts no second one while it hangs', async () => {
    let asked = 0;
    let aborted = false;
    const hanging = Promise.withResolvers<HealthFinding>();
    const question = new HealthQuestion(
      {
        name: 'db',
        check(signal) {
          asked += 1;
          signal.addEventListener('abort', () => (aborted = true));
          return hanging.promise;
        },
      },
      { timeoutMs: 20, cacheMs: 0 },
    );
    expect(await answerOf(question)).toMatchObject({ message: 'no answer within 20 ms' });
    expect(aborted).toBe(true);
    expect(await answerOf(question)).toMatchObject({
      status: 'down',
      message: expect.stringMatching(/^no answer for \d+ ms$/),
    });
    expect(asked).toBe(1);
    hanging.resolve({ state: 'up' });
    await new Promise(setImmediate);
    expect(await answerOf(question)).toMatchObject({ status: 'up' });
    expect(asked).toBe(2);
  });

  it('is never worse than the indicator allows, even at the time limit', async () => {
    const thrown = asking(() => Promise.reject(new Error('x')), NOW, 'degraded');
    expect(await answerOf(thrown)).toMatchObject({ status: 'degraded', message: 'x' });
    const hung = asking(() => new Promise(() => {}), { timeoutMs: 10, cacheMs: 0 }, 'degraded');
    expect(await answerOf(hung)).toMatchObject({ status: 'degraded' });
  });

  it('runs one check for 200 concurrent calls, and none while the answer is fresh', async () => {
    let asked = 0;
    const question = asking(() => ({ state: 'up', n: (asked += 1) }), {
      timeoutMs: 100,
      cacheMs: 60_000,
    });
    await Promise.all(Array.from({ length: 200 }, () => question.ask()));
    await question.ask();
    expect(asked).toBe(1);
  });
});
