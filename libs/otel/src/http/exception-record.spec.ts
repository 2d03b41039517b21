import { exceptionMessage, exceptionType } from './exception-record.js';

class OutOfStock extends Error {}

const hostile = new Proxy(
  {},
  {
    get: () => {
      throw new Error('no');
    },
  },
);

describe('what is told of something thrown', () => {
  it.each<[string, unknown, string, string | undefined]>([
    ['an error of a class', new OutOfStock('none left'), 'OutOfStock', 'none left'],
    ['a plain error', new Error('oops'), 'Error', 'oops'],
    [
      'an error with a name',
      Object.assign(new Error('x'), { name: 'AbortError' }),
      'AbortError',
      'x',
    ],
    ['a DOMException', new DOMException('late', 'TimeoutError'), 'TimeoutError', 'late'],
    ['a text', 'oops', '_OTHER', 'oops'],
    ['nothing', undefined, '_OTHER', 'undefined'],
    ['null', null, '_OTHER', 'null'],
    ['an object', { message: 'oops' }, 'Object', 'oops'],
    ['an object without prototype', Object.create(null), '_OTHER', undefined],
    ['an object that throws', hostile, '_OTHER', undefined],
    ['a symbol', Symbol('s'), '_OTHER', 'Symbol(s)'],
  ])('%s', (_what, thrown, type, message) => {
    expect(exceptionType(thrown)).toBe(type);
    expect(exceptionMessage(thrown)).toBe(message);
  });
});
