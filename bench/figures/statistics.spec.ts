import { isSteady, medianOf, quartileOf, ratiosTo, spreadOf } from './statistics.ts';

describe('statistics', () => {
  it('take the middle of an odd and of an even count, in any order', () => {
    expect(medianOf([9, 1, 5])).toBe(5);
    expect(medianOf([4, 1, 3, 2])).toBe(2.5);
    expect(medianOf([])).toBeNaN();
  });

  it('take the value that a quarter are below', () => {
    expect(quartileOf([8, 1, 7, 2, 6, 3, 5, 4])).toBe(3);
    expect(quartileOf([5])).toBe(5);
  });

  it('tell a spread that one wild value does not move', () => {
    expect(spreadOf([10, 11, 12, 13, 1000])).toEqual({ median: 12, mad: 1 });
  });

  it('compare each value with the references on either side of it', () => {
    expect(ratiosTo([10, 30, 50], [40, 20])).toEqual([2, 0.5]);
  });

  it('call a series steady when it has come to rest, and not while it falls', () => {
    expect(isSteady([100, 100, 100, 101, 99, 100])).toBe(true);
    expect(isSteady([100, 100, 100, 101, 99])).toBe(false);
    expect(isSteady([300, 200, 150, 120, 110, 105])).toBe(false);
    expect(isSteady([300, 200, 101, 99, 500, 100, 100, 99])).toBe(true);
    expect(isSteady([100, 100, 100, 110, 110, 110])).toBe(false);
  });
});
