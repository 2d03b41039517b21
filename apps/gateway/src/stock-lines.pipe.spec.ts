import { StockLinesPipe } from './stock-lines.pipe.js';

describe('StockLinesPipe', () => {
  const pipe = new StockLinesPipe('quantity');

  it('passes lines and drops what it does not know', () => {
    expect(pipe.transform([{ sku: 'tea', quantity: 3, price: 1 }])).toEqual([
      { sku: 'tea', quantity: 3 },
    ]);
  });

  it.each([undefined, null, {}, [], Array.from({ length: 1001 })])('wants a list (%#)', (body) => {
    expect(() => pipe.transform(body)).toThrow('The body must be a list of 1 to 1000 lines');
  });

  it.each([null, 7, {}, { sku: 'tea' }, { sku: 'tea', quantity: -1 }, { sku: '', quantity: 1 }])(
    'names the line that is wrong (%j)',
    (line) => {
      expect(() => pipe.transform([{ sku: 'tea', quantity: 1 }, line])).toThrow(/^Line 2 must be/);
    },
  );
});
