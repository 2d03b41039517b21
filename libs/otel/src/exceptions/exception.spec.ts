import { runInNewContext } from 'node:vm';
import { inspect } from 'node:util';
import { exceptionAttributes, exceptionCode, exceptionMessage } from './exception.js';
import { exceptionType } from './exception-type.js';
import { isErrorLike } from './error-like.js';
import { isStatusException, ownStatus } from './nest-outcome.js';
import { stackText } from './stack-text.js';

class OutOfStock extends Error {}
/** The error class of pg. Its `name` is a word of the PostgreSQL protocol, not its class. */
class DatabaseError extends Error {
  override name = 'error';
  code = '23505';
}
/** An error whose class name a minifier replaced, with the `name` that its library sets, if any. */
const minified = (name?: string): Error => {
  const a = class extends RangeError {};
  Object.defineProperty(a, 'name', { value: 'a' });
  return name === undefined ? new a('m') : Object.assign(new a('m'), { name });
};
class Prisma extends Error {
  override name = 'Prisma';
}
class MyPrisma extends Prisma {}

const hostile = new Proxy(
  {},
  {
    get: () => {
      throw new Error('no');
    },
    getPrototypeOf: () => {
      throw new Error('no');
    },
  },
);
const throwing = (key: string): Error =>
  Object.defineProperty(new OutOfStock('none'), key, {
    get() {
      throw new Error('no');
    },
  });

describe('type, message and code of an exception', () => {
  it.each<[string, unknown, string, string | undefined, string | undefined]>([
    ['an error of a class', new OutOfStock('none left'), 'OutOfStock', 'none left', undefined],
    ['a plain error', new Error('oops'), 'Error', 'oops', undefined],
    ['an error with a code', new DatabaseError('dup'), 'DatabaseError', 'dup', '23505'],
    ['a numeric code', Object.assign(new Error('x'), { code: 5 }), 'Error', 'x', '5'],
    [
      'a name given on purpose',
      Object.assign(new Error('x'), { name: 'AbortError' }),
      'AbortError',
      'x',
      undefined,
    ],
    ['a DOMException', new DOMException('late', 'TimeoutError'), 'TimeoutError', 'late', '23'],
    ['a minified class with a name', minified('KnownError'), 'KnownError', 'm', undefined],
    ['a minified class without a name', minified(), 'RangeError', 'm', undefined],
    ['a subclass of a class with a name', new MyPrisma('p'), 'MyPrisma', 'p', undefined],
    [
      'an error of another realm',
      runInNewContext('new RangeError("far")'),
      'RangeError',
      'far',
      undefined,
    ],
    [
      'several errors without a message',
      new AggregateError([new Error('one'), new Error('two')]),
      'AggregateError',
      'one; two',
      undefined,
    ],
    [
      'an error with a cause that has a code',
      new TypeError('fetch failed', {
        cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
      }),
      'TypeError',
      'fetch failed',
      'ECONNREFUSED',
    ],
    ['a text', 'oops', '_OTHER', 'oops', undefined],
    ['nothing', undefined, '_OTHER', 'undefined', undefined],
    ['null', null, '_OTHER', 'null', undefined],
    ['a number', 7, '_OTHER', '7', undefined],
    ['an object', { message: 'oops' }, 'Object', 'oops', undefined],
    ['an object without prototype', Object.create(null), '_OTHER', undefined, undefined],
    ['an object that throws', hostile, '_OTHER', undefined, undefined],
    ['an error whose message throws', throwing('message'), 'OutOfStock', undefined, undefined],
    ['an error whose name throws', throwing('name'), 'OutOfStock', 'none', undefined],
    ['a symbol', Symbol('s'), '_OTHER', 'Symbol(s)', undefined],
  ])('are those of %s', (_what, thrown, type, message, code) => {
    expect(exceptionType(thrown)).toBe(type);
    expect(exceptionMessage(thrown)).toBe(message);
    expect(exceptionCode(thrown)).toBe(code);
  });

  it('are read from anything with the form of an error, even if a getter throws', () => {
    const errors = [runInNewContext('new Error("x")'), new DOMException('x'), throwing('stack')];
    expect(errors.map(isErrorLike)).toEqual([true, true, true]);
    expect([hostile, null, 'x', { message: 'x' }].map(isErrorLike)).toEqual(Array(4).fill(false));
    expect(exceptionAttributes(throwing('stack'))).toEqual({
      'exception.type': 'OutOfStock',
      'exception.message': 'none',
    });
  });

  it('ownStatus and isStatusException accept any value', () => {
    expect([hostile, null, 'x', {}].map(ownStatus)).toEqual(Array(4).fill(undefined));
    expect([hostile, null, 'x', {}].map(isStatusException)).toEqual(Array(4).fill(false));
    expect(isStatusException({ getError: () => 'x' })).toBe(true);
  });
});

describe('stackText', () => {
  it('is the stack of an error, and undefined for anything else', () => {
    const error = new OutOfStock('none');
    expect(stackText(error)).toBe(error.stack);
    expect(['x', null, {}, hostile].map(stackText)).toEqual(Array(4).fill(undefined));
  });

  it('holds the causes and the inner errors as Node prints them', () => {
    const short = (error: Error, frame: string): Error =>
      Object.assign(error, { stack: `${error.name}: ${error.message}\n    at ${frame}` });
    const cause = short(new RangeError('inner', { cause: 'a word' }), 'inner (a.js:1:1)');
    const outer = short(new Error('outer', { cause }), 'outer (b.js:1:1)');
    expect(stackText(outer)).toBe(inspect(outer));
    const each = [cause, short(new Error('two'), 'two (c.js:1:1)')];
    const several = short(new AggregateError(each, 'several'), 'several (d.js:1:1)');
    expect(stackText(several)).toBe(inspect(several));
  });

  it('leaves out all other properties, which may hold a request with its credentials', () => {
    const error = Object.assign(new Error('401'), { config: { headers: { auth: 'secret' } } });
    expect(stackText(new Error('outer', { cause: error }))).not.toContain('secret');
    expect(stackText(new Error('outer', { cause: { auth: 'secret' } }))).toContain('[Object]');
  });

  it('has a bounded length for circular, deep and wide causes', () => {
    const circular = new Error('round');
    circular.cause = circular;
    expect(stackText(circular)).toContain('[cause]: [Circular]');
    let deep = new Error('deepest');
    for (let at = 0; at < 100; at++) deep = new Error('deep', { cause: deep });
    expect(stackText(deep)).toContain('[Truncated]');
    const wide = new AggregateError(Array.from({ length: 1000 }, () => new Error('one')));
    expect(stackText(wide)).toContain('... 990 more items');
    const big = Object.assign(new Error('big'), { stack: 'é'.repeat(100_000) });
    expect(Buffer.byteLength(stackText(big) ?? '')).toBeLessThanOrEqual(65_536 + 3);
    expect(stackText(big)?.isWellFormed()).toBe(true);
  });
});
