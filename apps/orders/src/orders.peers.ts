import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import type { ServiceError } from '@grpc/grpc-js';
import { RpcException } from '@nestjs/microservices';
import type { ClientGrpc } from '@nestjs/microservices';
import { INVENTORY_SERVICE, PAYMENTS_SERVICE, USERS_SERVICE } from '@nestlens/protos';
import type {
  InventoryClient,
  Payment,
  PaymentsClient,
  Reservation,
  User,
  UsersClient,
} from '@nestlens/protos';
import { catchError, firstValueFrom, throwError } from 'rxjs';
import type { Observable } from 'rxjs';

/** The services that orders asks. Their status codes are passed on to our own caller. */
@Injectable()
export class OrdersPeers implements OnModuleInit {
  private users: UsersClient;
  private inventory: InventoryClient;
  private payments: PaymentsClient;

  constructor(
    @Inject('users') private readonly usersGrpc: ClientGrpc,
    @Inject('inventory') private readonly inventoryGrpc: ClientGrpc,
    @Inject('payments') private readonly paymentsGrpc: ClientGrpc,
  ) {}

  onModuleInit(): void {
    this.users = this.usersGrpc.getService(USERS_SERVICE);
    this.inventory = this.inventoryGrpc.getService(INVENTORY_SERVICE);
    this.payments = this.paymentsGrpc.getService(PAYMENTS_SERVICE);
  }

  user(id: string): Promise<User> {
    return ask(this.users.getUser({ id }));
  }

  reserve(sku: string, quantity: number): Promise<Reservation> {
    return ask(this.inventory.reserve({ sku, quantity }));
  }

  async release(sku: string, quantity: number): Promise<void> {
    await ask(this.inventory.release({ sku, quantity }));
  }

  charge(orderId: string, amountCents: number, card: string): Promise<Payment> {
    return ask(this.payments.charge({ orderId, amountCents, card }));
  }

  async refund(paymentId: string): Promise<void> {
    await ask(this.payments.refund({ paymentId }));
  }
}

function ask<T>(reply: Observable<T>): Promise<T> {
  return firstValueFrom(
    reply.pipe(
      catchError(({ code, details }: ServiceError) =>
        throwError(() => new RpcException({ code, message: details })),
      ),
    ),
  );
}
