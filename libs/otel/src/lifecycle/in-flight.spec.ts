import { InFlight } from './in-flight.js';

describe('InFlight', () => {
  it('counts each piece of work once, however often its end is told', () => {
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

  it('tells idle as soon as the last piece ends', async () => {
    const work = new InFlight();
    const end = work.enter('GET /a');
    const idle = work.idle(new AbortController().signal);
    end();
    await expect(idle).resolves.toBe(true);
  });

  it('gives up at the signal', async () => {
    const work = new InFlight();
    work.enter('GET /slow');
    const abort = new AbortController();
    const idle = work.idle(abort.signal);
    abort.abort();
    await expect(idle).resolves.toBe(false);
  });
});
