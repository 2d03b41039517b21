import { contentOf } from './nest-call.js';
import type { NestCall } from './nest-call.js';

class OrderError extends Error {
  override readonly name = 'OrderError';
}

const STACK = 'E: x\n  at a:1:1';
const STACKED = {
  'exception.type': 'E',
  'exception.message': 'x',
  'exception.stacktrace': STACK,
};
/**
 * The arguments that ConsoleLogger passes to `printMessages`. Nest 11.2.10 has no params, and a stack for `error` only.
 */
const call = (part: Partial<NestCall>): NestCall => ({
  messages: [],
  stack: undefined,
  params: undefined,
  ...part,
});

describe('the record of one logger call', () => {
  it.each<[string, Partial<NestCall>]>([
    ["error('failed', stack, 'Ctx')", { messages: ['failed'], stack: STACK }],
    [
      "error('failed', stack, 'Ctx') with params",
      { messages: ['failed'], stack: STACK, params: {} },
    ],
    ["fatal('failed', stack, 'Ctx') of Nest 11", { messages: ['failed', STACK] }],
    ["warn('failed', {}, stack, 'Ctx') of Nest 11", { messages: ['failed', {}, STACK] }],
    ["warn('failed', {}, stack, 'Ctx') of Nest 12", { messages: ['failed', STACK], params: {} }],
  ])('has the stack of %s', (_form, part) => {
    expect(contentOf(call(part))).toEqual({ body: 'failed', attributes: STACKED });
  });

  it.each<[string, Partial<NestCall>]>([
    ['Nest 11', { messages: ['saved', { user: 7 }, 'twice', { order: 1 }] }],
    ['Nest 12', { messages: ['saved', 'twice'], params: { user: 7, order: 1 } }],
  ])('has the objects after the message as attributes (%s)', (_version, part) => {
    expect(contentOf(call(part))).toEqual({
      body: 'saved',
      attributes: { user: 7, order: 1, 'nestjs.logger.messages': ['twice'] },
    });
  });

  it.each<[string, Partial<NestCall>]>([
    ['Nest 11', { messages: ['failed', { err: new OrderError('x'), user: 7 }] }],
    ['Nest 12', { messages: ['failed'], params: { err: new OrderError('x'), user: 7 } }],
  ])('has an error among the objects only as its exception (%s)', (_version, part) => {
    const { attributes } = contentOf(call(part));
    expect(attributes).toMatchObject({ user: 7, 'exception.type': 'OrderError' });
    expect(attributes).not.toHaveProperty('err');
  });

  it('keeps a second error and a text beside the first error', () => {
    const messages = [new OrderError('first'), new OrderError('second')];
    const { body, attributes } = contentOf(call({ messages, stack: 'while saving' }));
    expect(body).toBe('first');
    expect(attributes).toMatchObject({
      'exception.message': 'first',
      'nestjs.logger.messages': [{ name: 'OrderError', message: 'second' }, 'while saving'],
    });
  });

  it('does not take a second text for a stack trace', () => {
    const { attributes } = contentOf(call({ messages: ['failed'], stack: 'because of this' }));
    expect(attributes).toEqual({ 'exception.message': 'because of this' });
  });

  it('does not change the objects of the caller', () => {
    const params = { err: new OrderError('x') };
    contentOf(call({ messages: ['failed'], params }));
    expect(Object.keys(params)).toEqual(['err']);
  });

  it('takes `err` or `error` of an object as its exception, as pino does', () => {
    const error = new OrderError('broken');
    const exception = { 'exception.type': 'OrderError', 'exception.message': 'broken' };
    const [alone, beside, behind] = [
      contentOf(call({ messages: [{ err: error }] })),
      contentOf(call({ messages: [{ error, order: 7 }, 'again'] })),
      contentOf(call({ messages: ['failed', { err: error, order: 7 }] })),
    ];
    expect(alone).toMatchObject({ body: 'broken', attributes: exception });
    expect(beside).toMatchObject({ body: { order: 7 }, attributes: exception });
    expect(behind).toMatchObject({ body: 'failed', attributes: { order: 7, ...exception } });
    expect(contentOf(call({ messages: [{ error: 'none' }] }))).toEqual({
      body: { error: 'none' },
      attributes: undefined,
    });
  });
});
