import { InFlight, NamedWork } from './in-flight.js';
import type { Work } from './in-flight.js';

describe('InFlight', () => {
  it('counts each piece of work once, even if it ends twice', () => {
    const work = new InFlight();
    const first = work.enter('GET /a');
    const second = work.enter('GET /b');
    first();
    first();
    expect(work.count).toBe(1);
    expect(work.oldest).toBe('GET /b');
    second();
    expect(work.count).toBe(0);
  });

  it('takes work that is an object once, wherever it stands, and again after its end', () => {
    const work = new InFlight();
    const [a, b, c] = ['a', 'b', 'c'].map((label) => new NamedWork(label)) as [Work, Work, Work];
    for (const each of [a, b, c, b]) work.begin(each);
    expect([work.count, work.oldest]).toEqual([3, 'a']);
    for (const each of [b, b, a]) work.end(each);
    expect([work.count, work.oldest]).toEqual([1, 'c']);
    work.begin(a);
    work.end(c);
    expect([work.count, work.oldest]).toEqual([1, 'a']);
    work.end(a);
    expect([work.count, work.oldest]).toEqual([0, undefined]);
  });

  it('resolves idle() as soon as the last piece of work ends', async () => {
    const work = new InFlight();
    const end = work.enter('GET /a');
    const idle = work.idle(new AbortController().signal);
    end();
    await expect(idle).resolves.toBe(true);
  });

  it('resolves idle() with false when the signal aborts', async () => {
    const work = new InFlight();
    work.enter('GET /slow');
    const abort = new AbortController();
    const idle = work.idle(abort.signal);
    abort.abort();
    await expect(idle).resolves.toBe(false);
  });
});
