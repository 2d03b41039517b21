import { ManualClock } from '../send/fixtures/manual-clock.js';
import { patience } from './fixtures/batches.js';
import { apiKey, basic, bearer, HeaderSource } from './headers.js';
import type { Headers } from './headers.js';

function source(...headers: Headers[]): HeaderSource {
  return new HeaderSource(headers, new ManualClock(), 1000);
}

describe('HeaderSource', () => {
  it("writes names in lower case, prefers later headers, and keeps the sender's own", async () => {
    const headers = source(
      { 'X-A': '1', 'X-B': '1', 'Content-Type': 'x', TE: 'y', Host: 'z', Connection: 'close' },
      async () => ({ 'x-b': '2' }),
    );
    expect(await headers.get(patience())).toEqual({
      kind: 'headers',
      values: { 'x-a': '1', 'x-b': '2' },
    });
  });

  it.each<Record<string, string>>([
    { 'a b': 'x' },
    { a: 'canary\r\nevil: 1' },
    { a: 'canary\u20AC' },
    { ':path': '/' },
    { a: 7 as unknown as string },
  ])('refuses %p at the start, and does not show the value', (headers) => {
    expect(() => source(headers)).toThrow(
      expect.objectContaining({
        code: 'headers',
        message: expect.not.stringContaining('canary') as unknown,
      }),
    );
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no token');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no token'))],
    ['gives an invalid header', () => ({ a: 'b\n' })],
    ['gives nothing', () => undefined as never],
    ['gives a text', () => 'canary' as never],
    ['gives a number', () => 7 as never],
    ['gives a list', () => ['canary'] as never],
  ])('fails if a function %s', async (_what, ask) => {
    expect(await source(ask).get(patience())).toEqual({ kind: 'failed', reason: 'headers' });
  });

  it.each([undefined, null, '', 7])('fails if a token is %p', async (token) => {
    const ask = bearer(() => token as never);
    expect(await source(ask).get(patience())).toEqual({ kind: 'failed', reason: 'headers' });
  });

  it('waits no longer than its time limit, nor than the signal', async () => {
    const clock = new ManualClock();
    const never = new HeaderSource([() => new Promise<never>(() => {})], clock, 1000);
    const late = never.get(patience());
    clock.advanceAtOnce(1000);
    expect(await late).toEqual({ kind: 'failed', reason: 'headers_timeout' });
    const attempt = new AbortController();
    const aborted = never.get(attempt.signal);
    attempt.abort();
    expect(await aborted).toEqual({ kind: 'failed', reason: 'aborted' });
    expect(clock.pending).toBe(0);
  });

  describe('with a slow function', () => {
    function slow() {
      const clock = new ManualClock();
      const calls: PromiseWithResolvers<Record<string, string>>[] = [];
      function ask() {
        const call = Promise.withResolvers<Record<string, string>>();
        calls.push(call);
        return call.promise;
      }
      const headers = new HeaderSource([ask], clock, 1000);
      return { clock, calls, get: async () => headers.get(patience()) };
    }
    function given(a: string) {
      return { kind: 'headers', values: { a } };
    }
    const tooLate = { kind: 'failed', reason: 'headers_timeout' };

    it('shares one call among concurrent attempts, and calls again for later ones', async () => {
      const { calls, get } = slow();
      const two = [get(), get()];
      calls[0]?.resolve({ a: '1' });
      expect(await Promise.all(two)).toEqual([given('1'), given('1')]);
      const third = get();
      calls[1]?.resolve({ a: '2' });
      expect([await third, calls.length]).toEqual([given('2'), 2]);
    });

    it('lets later attempts wait for the same call, and calls again after three times the limit', async () => {
      const { clock, calls, get } = slow();
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const failed = get();
        clock.advanceAtOnce(1000);
        expect([await failed, calls.length]).toEqual([tooLate, 1]);
      }
      const fourth = get();
      expect(calls).toHaveLength(2);
      calls[1]?.resolve({ a: 'new' });
      expect(await fourth).toEqual(given('new'));
    });

    it('uses a late answer for 30 s', async () => {
      const { clock, calls, get } = slow();
      const first = get();
      clock.advanceAtOnce(1000);
      expect(await first).toEqual(tooLate);
      calls[0]?.resolve({ a: 'late' });
      await new Promise(setImmediate);
      expect(await get()).toEqual(given('late'));
      clock.advanceAtOnce(29_999);
      expect(await get()).toEqual(given('late'));
      expect(calls).toHaveLength(1);
      clock.advanceAtOnce(1);
      const anew = get();
      calls[1]?.resolve({ a: 'new' });
      expect(await anew).toEqual(given('new'));
    });

    it('ignores the answer of a call if a newer call was answered', async () => {
      const { clock, calls, get } = slow();
      const first = get();
      clock.advanceAtOnce(1000);
      expect(await first).toEqual(tooLate);
      clock.advanceAtOnce(2000);
      const second = get();
      calls[1]?.resolve({ a: 'new' });
      expect(await second).toEqual(given('new'));
      calls[0]?.resolve({ a: 'old' });
      await new Promise(setImmediate);
      const third = get();
      calls[2]?.resolve({ a: 'newest' });
      expect(await third).toEqual(given('newest'));
    });

    it('ignores a late failure', async () => {
      const { clock, calls, get } = slow();
      const first = get();
      clock.advanceAtOnce(1000);
      expect(await first).toEqual(tooLate);
      calls[0]?.reject(new Error('no token'));
      await new Promise(setImmediate);
      const second = get();
      calls[1]?.resolve({ a: 'new' });
      expect(await second).toEqual(given('new'));
    });
  });

  it('makes credentials from values and from functions', async () => {
    let count = 0;
    const token = source(bearer(() => `t${++count}`));
    expect(await token.get(patience())).toHaveProperty('values.authorization', 'Bearer t1');
    expect(await token.get(patience())).toHaveProperty('values.authorization', 'Bearer t2');
    expect(await source(bearer('t'), apiKey('k')).get(patience())).toHaveProperty('values', {
      authorization: 'Bearer t',
      'x-api-key': 'k',
    });
    expect(await source(apiKey('k', 'DD-Key')).get(patience())).toHaveProperty('values', {
      'dd-key': 'k',
    });
    expect(await source(basic('u', async () => 'p')).get(patience())).toHaveProperty('values', {
      authorization: `Basic ${btoa('u:p')}`,
    });
  });
});
