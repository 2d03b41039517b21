import { SingleFlight } from './single-flight.js';

describe('SingleFlight', () => {
  it('shares one run among concurrent callers', async () => {
    let runs = 0;
    const gate = Promise.withResolvers<string>();
    const flight = new SingleFlight(() => {
      runs += 1;
      return gate.promise;
    }, 60_000);
    const asked = [flight.ask(), flight.ask()];
    gate.resolve('value');
    await expect(Promise.all(asked)).resolves.toEqual(['value', 'value']);
    await expect(flight.ask()).resolves.toBe('value');
    expect(runs).toBe(1);
  });

  it('runs again if the result is too old, and after a rejection', async () => {
    let runs = 0;
    const flight = new SingleFlight(() => {
      runs += 1;
      return runs === 1 ? Promise.reject(new Error('first')) : Promise.resolve(runs);
    }, 0);
    await expect(flight.ask()).rejects.toThrow('first');
    await expect(flight.ask()).resolves.toBe(2);
    await expect(flight.ask()).resolves.toBe(3);
  });
});
