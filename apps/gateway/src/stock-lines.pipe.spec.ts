import { StockLinesPipe } from './stock-lines.pipe.js';

describe('StockLinesPipe', () => {
  const pipe = new StockLinesPipe('quantity');

  it('returns lines without unknown fields', () => {
    expect(pipe.transform([{ sku: 'tea', quantity: 3, price: 1 }])).toEqual([
      { sku: 'tea', quantity: 3 },
    ]);
  });

  it.each([undefined, null, {}, [], Array.from({ length: 1001 })])(
    'refuses a body that is no list of 1 to 1000 lines (%#)',
    (body) => {
      expect(() => pipe.transform(body)).toThrow('The body must be a list of 1 to 1000 lines');
    },
  );

  it.each([null, 7, {}, { sku: 'tea' }, { sku: 'tea', quantity: -1 }, { sku: '', quantity: 1 }])(
    'names the wrong line (%j)',
    (line) => {
      expect(() => pipe.transform([{ sku: 'tea', quantity: 1 }, line])).toThrow(/^Line 2 must be/);
    },
  );
});
