import { before } from './deadline.js';

describe('before', () => {
  const never = new Promise<void>(() => {});

  it.each([
    ['work that is over', Promise.resolve(), true],
    ['work that failed', Promise.reject(new Error('a bug')), true],
    ['work that goes on', never, false],
  ])('%s, at a deadline that has passed', async (_, work, isOver) => {
    expect(await before(work, AbortSignal.abort())).toBe(isOver);
  });

  it('takes work that fails before the deadline as over', async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    const isOver = before(promise, new AbortController().signal);
    reject(new Error('a bug'));
    expect(await isOver).toBe(true);
  });

  it('ends with the deadline', async () => {
    const deadline = new AbortController();
    const isOver = before(never, deadline.signal);
    deadline.abort();
    expect(await isOver).toBe(false);
  });
});
