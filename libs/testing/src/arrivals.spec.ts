import { Arrivals } from './arrivals.js';

const words = (): Arrivals<string> => new Arrivals('words', (items) => items.join(' '));

describe('Arrivals', () => {
  it('resolves at once when enough is there already', async () => {
    const arrivals = words();
    arrivals.add('a', 'b');
    await expect(arrivals.wait(2)).resolves.toEqual(['a', 'b']);
  });

  it('resolves with the arrival that makes it enough', async () => {
    const arrivals = words();
    const wait = arrivals.wait((items) => items.includes('b'));
    arrivals.add('a');
    arrivals.add('b');
    await expect(wait).resolves.toEqual(['a', 'b']);
  });

  it('serves several waits with one arrival', async () => {
    const arrivals = words();
    const waits = [arrivals.wait(1), arrivals.wait(1)];
    arrivals.add('a');
    await expect(Promise.all(waits)).resolves.toEqual([['a'], ['a']]);
  });

  it('tells what did arrive when it was too little', async () => {
    const arrivals = words();
    arrivals.add('one', 'two');
    await expect(arrivals.wait(3, { timeoutMs: 1 })).rejects.toMatchObject({
      code: 'ERR_NOT_ARRIVED',
      message: 'waited 1 ms for 3 words; 2 arrived:\none two',
    });
  });

  it('fails the wait whose question throws, and no other', async () => {
    const arrivals = words();
    const broken = arrivals.wait((items) => {
      if (items.length > 0) throw new Error('bad question');
      return false;
    });
    const sound = arrivals.wait(1);
    arrivals.add('a');
    await expect(broken).rejects.toThrow('bad question');
    await expect(sound).resolves.toEqual(['a']);
  });

  it('starts anew after clear', async () => {
    const arrivals = words();
    arrivals.add('a');
    arrivals.clear();
    expect(arrivals.all()).toEqual([]);
    arrivals.add('b');
    await expect(arrivals.wait(1)).resolves.toEqual(['b']);
  });
});
