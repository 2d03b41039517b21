import { patience } from './fixtures/batches.js';
import { Turns } from './turns.js';

describe('Turns', () => {
  it('gives turns up to the limit, and then in the order of the requests', async () => {
    const turns = new Turns(1);
    expect(turns.take(patience())).toBe(true);
    const order: string[] = [];
    async function note(name: string): Promise<void> {
      if (await turns.take(patience())) order.push(name);
    }
    const notes = [note('first'), note('second')];
    turns.give();
    turns.give();
    await Promise.all(notes);
    expect(order).toEqual(['first', 'second']);
    turns.give();
    expect(turns.take(patience())).toBe(true);
  });

  it('skips a request that was given up', async () => {
    const turns = new Turns(1);
    const gaveUp = new AbortController();
    void turns.take(patience());
    const late = turns.take(gaveUp.signal);
    const next = turns.take(patience());
    gaveUp.abort();
    expect(await late).toBe(false);
    expect(await turns.take(gaveUp.signal)).toBe(false);
    turns.give();
    expect(await next).toBe(true);
  });
});
