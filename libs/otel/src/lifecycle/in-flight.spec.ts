import { InFlight } from './in-flight.js';

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
