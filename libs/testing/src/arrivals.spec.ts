import { Arrivals } from './arrivals.js';

const words = (): Arrivals<string> => new Arrivals('words', (items) => items.join(' '));

describe('Arrivals', () => {
  it('resolves at once if enough items have arrived', async () => {
    const arrivals = words();
    arrivals.add('a', 'b');
    await expect(arrivals.wait(2)).resolves.toEqual(['a', 'b']);
  });

  it('resolves at the arrival that fulfils it', async () => {
    const arrivals = words();
    const wait = arrivals.wait((items) => items.includes('b'));
    arrivals.add('a');
    arrivals.add('b');
    await expect(wait).resolves.toEqual(['a', 'b']);
  });

  it('resolves several waits at one arrival', async () => {
    const arrivals = words();
    const waits = [arrivals.wait(1), arrivals.wait(1)];
    arrivals.add('a');
    await expect(Promise.all(waits)).resolves.toEqual([['a'], ['a']]);
  });

  it('lists the arrivals in the error if they were too few', async () => {
    const arrivals = words();
    arrivals.add('one', 'two');
    await expect(arrivals.wait(3, { timeoutMs: 1 })).rejects.toMatchObject({
      code: 'ERR_NOT_ARRIVED',
      message: 'waited 1 ms for 3 words; 2 arrived:\none two',
    });
  });

  it('rejects only the wait whose predicate throws', async () => {
    const arrivals = words();
    const broken = arrivals.wait((items) => {
      if (items.length > 0) throw new Error('bad predicate');
      return false;
    });
    const sound = arrivals.wait(1);
    arrivals.add('a');
    await expect(broken).rejects.toThrow('bad predicate');
    await expect(sound).resolves.toEqual(['a']);
  });

  it('is empty after clear()', async () => {
    const arrivals = words();
    arrivals.add('a');
    arrivals.clear();
    expect(arrivals.all()).toEqual([]);
    arrivals.add('b');
    await expect(arrivals.wait(1)).resolves.toEqual(['b']);
  });
});
