import { Logger } from '@nestjs/common';
import { GrpcStatus, RpcException } from '@nestjs/microservices';
import { metrics } from '@opentelemetry/api';
import { CardProcessor } from './card-processor.js';
import { PaymentsService } from './payments.service.js';

async function refusal(answer: Promise<unknown>): Promise<unknown> {
  const error: unknown = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RpcException);
  return (error as RpcException).getError();
}

describe('PaymentsService', () => {
  const payments = new PaymentsService(
    new CardProcessor(),
    metrics.getMeter('spec').createHistogram('shop.payments.amount'),
  );

  beforeAll(() => Logger.overrideLogger(false));

  it('charges a card, and refunds the payment only once', async () => {
    const order = { orderId: '1', amountCents: 700, card: 'tok_visa' };
    const payment = await payments.charge(order);
    expect(payment).toMatchObject({ amountCents: 700, refunded: false });
    const refund = { id: payment.id, amountCents: 700, refunded: true };
    expect(await payments.refund(payment.id)).toEqual(refund);
    expect(await refusal(payments.refund(payment.id))).toMatchObject({
      code: GrpcStatus.NOT_FOUND,
    });
  });

  it('answers PERMISSION_DENIED for a declined card', async () => {
    const answer = payments.charge({ orderId: '1', amountCents: 700, card: 'tok_declined' });
    expect(await refusal(answer)).toEqual({
      code: GrpcStatus.PERMISSION_DENIED,
      message: 'Card declined: insufficient funds',
    });
  });

  it('answers INVALID_ARGUMENT for an amount of 0', async () => {
    const answer = payments.charge({ orderId: '1', amountCents: 0, card: 'tok_visa' });
    expect(await refusal(answer)).toMatchObject({ code: GrpcStatus.INVALID_ARGUMENT });
  });
});
