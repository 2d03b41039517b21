import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { PAYMENTS_SERVICE } from '@nestlens/protos';
import type { ChargeRequest, Payment, RefundRequest } from '@nestlens/protos';
import { PaymentsService } from './payments.service.js';

@Controller()
export class PaymentsController {
  constructor(private readonly payments: PaymentsService) {}

  @GrpcMethod(PAYMENTS_SERVICE)
  charge(request: ChargeRequest): Promise<Payment> {
    return this.payments.charge(request);
  }

  @GrpcMethod(PAYMENTS_SERVICE)
  refund(request: RefundRequest): Promise<Payment> {
    return this.payments.refund(request.paymentId);
  }
}
