import { Injectable, Logger } from '@nestjs/common';
import { GrpcStatus, RpcException } from '@nestjs/microservices';
import { InjectInstrument } from '@nestlens/otel';
import type { ChargeRequest, Payment } from '@nestlens/protos';
import type { Histogram } from '@opentelemetry/api';
import { CardProcessor } from './card-processor.js';

@Injectable()
export class PaymentsService {
  private readonly logger = new Logger(PaymentsService.name);

  constructor(
    private readonly processor: CardProcessor,
    @InjectInstrument('shop.payments.amount') private readonly amount: Histogram,
  ) {}

  async charge({ orderId, amountCents, card }: ChargeRequest): Promise<Payment> {
    if (amountCents < 1) {
      throw new RpcException({
        code: GrpcStatus.INVALID_ARGUMENT,
        message: `An amount must be 1 cent or more, not ${amountCents}`,
      });
    }
    const answer = await this.processor.authorize(card, amountCents);
    this.amount.record(amountCents, { 'shop.outcome': answer.kind });
    if (answer.kind === 'declined') {
      this.logger.warn(`Declined for order ${orderId}: ${answer.reason}`);
      throw new RpcException({
        code: GrpcStatus.PERMISSION_DENIED,
        message: `Card declined: ${answer.reason}`,
      });
    }
    return { id: answer.id, amountCents, refunded: false };
  }

  async refund(paymentId: string): Promise<Payment> {
    const amountCents = await this.processor.reverse(paymentId);
    if (amountCents === undefined) {
      throw new RpcException({
        code: GrpcStatus.NOT_FOUND,
        message: `No open payment "${paymentId}"`,
      });
    }
    this.logger.log(`Refunded ${paymentId}`);
    return { id: paymentId, amountCents, refunded: true };
  }
}
