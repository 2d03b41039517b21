import { plainDetail } from './finding-detail.js';

describe('plain detail', () => {
  it('keeps plain values, and describes all others as text', () => {
    const circular: Record<string, unknown> = { rows: 3, open: true, none: null, text: 'hi' };
    circular['self'] = circular;
    circular['big'] = 12n;
    circular['nan'] = Number.NaN;
    circular['list'] = [1, 2];
    circular['call'] = () => {};
    expect(plainDetail(circular)).toEqual({
      rows: 3,
      open: true,
      none: null,
      text: 'hi',
      self: '[object]',
      big: '12',
      nan: 'NaN',
      list: '[2 items]',
      call: '[function]',
    });
  });

  it('cannot change a prototype, and drops keys that would', () => {
    const detail = JSON.parse('{"__proto__":{"bad":1},"constructor":1,"status":"up"}') as object;
    const plain = plainDetail(detail);
    expect(Object.keys(plain)).toEqual([]);
    expect(Object.getPrototypeOf(plain)).toBe(Object.prototype);
    expect(({} as { bad?: number }).bad).toBeUndefined();
  });

  it('is bounded in keys and length', () => {
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key${i}`, i]));
    expect(Object.keys(plainDetail(wide))).toHaveLength(20);
    const long = plainDetail({ text: 'x '.repeat(500_000), ['k'.repeat(1000)]: 1 });
    expect(JSON.stringify(long).length).toBeLessThan(500);
  });

  it('masks secrets by key and by value, and marks a getter that throws', () => {
    const detail = {
      password: 'hunter2',
      url: 'pg://a:b@c',
      get broken(): string {
        throw new Error('no');
      },
    };
    expect(plainDetail(detail)).toEqual({
      password: '***',
      url: 'pg://***@c',
      broken: '[unreadable]',
    });
  });

  it.each([undefined, null, 'text', 1, [1]])('is empty for %p', (detail) => {
    expect(plainDetail(detail)).toEqual({});
  });
});
