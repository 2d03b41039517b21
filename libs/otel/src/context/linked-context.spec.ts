import { EMPTY_CONTEXT } from './linked-context.js';

const [a, b, c] = [Symbol('a'), Symbol('b'), Symbol('c')];

describe('LinkedContext', () => {
  it('returns the values that were set, and does not change the context before', () => {
    const one = EMPTY_CONTEXT.setValue(a, 1);
    const two = one.setValue(b, 2).setValue(a, 3);
    expect([two.getValue(a), two.getValue(b), two.getValue(c)]).toEqual([3, 2, undefined]);
    expect([one.getValue(a), one.getValue(b)]).toEqual([1, undefined]);
    expect(EMPTY_CONTEXT.getValue(a)).toBeUndefined();
  });

  it('has no value after a delete, even if the key was set several times', () => {
    const context = EMPTY_CONTEXT.setValue(a, 1).setValue(b, 2).setValue(a, 3).deleteValue(a);
    expect([context.getValue(a), context.getValue(b)]).toEqual([undefined, 2]);
  });

  it('stays small when two keys are set 10,000 times in turn', () => {
    let context = EMPTY_CONTEXT.setValue(c, 'kept');
    for (let n = 0; n < 10_000; n++) context = context.setValue(a, n).setValue(b, n);
    expect([context.getValue(a), context.getValue(b), context.getValue(c)]).toEqual([
      9999,
      9999,
      'kept',
    ]);
    expect(JSON.stringify(context).length).toBeLessThan(2000);
  });
});
