import { askHeaders } from './header-answer.js';
import type { HeaderFunction } from './pipeline-options.js';

function giving(given: unknown): HeaderFunction {
  return () => given as never;
}

const throwing = {
  get authorization(): string {
    throw new Error('token');
  },
};

describe('the answer to a question for headers', () => {
  it('has the headers of all functions, and later ones win', async () => {
    const functions = [giving({ a: '1', b: '1' }), giving(Promise.resolve({ b: '2' }))];
    expect(await askHeaders(functions)).toEqual({ a: '1', b: '2' });
  });

  it.each<readonly [string, () => unknown]>([
    ['a promise as a value', () => ({ authorization: Promise.resolve('token') })],
    ['a promise that rejects', () => ({ authorization: Promise.reject(new Error('token')) })],
    ['a function', () => ({ authorization: () => 'token' })],
    ['a symbol', () => ({ authorization: Symbol('token') })],
    ['an object', () => ({ authorization: { toString: () => 'token' } })],
    ['a number', () => ({ authorization: 7 })],
    ['a getter that throws', () => throwing],
    ['nothing', () => undefined],
    ['a list', () => [['authorization', 'token']]],
  ])('is `failed` if a function gives %s', async (_name, give) => {
    expect(await askHeaders([giving({ a: '1' }), give as HeaderFunction])).toBe('failed');
  });

  it("can be cloned to another thread, even if the function's object cannot", async () => {
    const given = { authorization: 'token', [Symbol('kept')]: () => {} };
    const answer = await askHeaders([giving(given)]);
    expect(structuredClone(answer)).toEqual({ authorization: 'token' });
  });
});
