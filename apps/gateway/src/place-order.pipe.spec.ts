import type { HttpException } from '@nestjs/common';
import { PlaceOrderPipe } from './place-order.pipe.js';

const ORDER = { userId: 'ada', sku: 'tea', quantity: 2, card: 'tok_visa' };

function faults(body: unknown): unknown {
  try {
    new PlaceOrderPipe().transform(body);
    return [];
  } catch (error) {
    return (error as HttpException).getResponse();
  }
}

describe('PlaceOrderPipe', () => {
  it('returns an order without unknown fields', () => {
    expect(new PlaceOrderPipe().transform({ ...ORDER, admin: true })).toEqual(ORDER);
  });

  it('names every wrong field', () => {
    expect(faults({ userId: '', sku: 7, quantity: 1.5 })).toMatchObject({
      statusCode: 400,
      message: [
        'userId must be a text that is not empty',
        'sku must be a text that is not empty',
        'card must be a text that is not empty',
        'quantity must be a whole number from 1 to 1000',
      ],
    });
  });

  it.each([undefined, null, 'order', []])('answers 400 to %j', (body) => {
    expect(faults(body)).toMatchObject({ statusCode: 400 });
  });

  it.each([0, -1, 1001, Number.NaN, '2'])('refuses a quantity of %p', (quantity) => {
    expect(faults({ ...ORDER, quantity })).toMatchObject({
      message: ['quantity must be a whole number from 1 to 1000'],
    });
  });
});
