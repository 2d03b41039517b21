import { Injectable, Logger } from '@nestjs/common';
import { GrpcStatus, RpcException } from '@nestjs/microservices';
import { InjectInstrument } from '@nestlens/otel';
import type { Order, OrderStatus, PlaceOrderRequest, SlowReply } from '@nestlens/protos';
import type { Counter } from '@opentelemetry/api';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { distinctUntilKeyChanged, from, map, switchMap, takeWhile, timer } from 'rxjs';
import type { Observable } from 'rxjs';
import { OrdersPeers } from './orders.peers.js';
import { OrdersRepository } from './orders.repository.js';
import type { NewOrder, StoredOrder } from './orders.repository.js';

/** An unexpected failure: a sku for which placing an order crashes. */
const CRASH_SKU = 'crash';
const MAX_SLOW_MS = 2000;
/** The warehouse is quick: an order is packed after one step and shipped after two. */
const STEP_MS = 500;

@Injectable()
export class OrdersService {
  private readonly logger = new Logger(OrdersService.name);

  constructor(
    private readonly peers: OrdersPeers,
    private readonly repository: OrdersRepository,
    @InjectInstrument('shop.orders.placed') private readonly placed: Counter,
  ) {}

  async place({ userId, sku, quantity, card }: PlaceOrderRequest): Promise<Order> {
    if (sku === CRASH_SKU) {
      throw new Error('The shelf fell over');
    }
    const id = randomUUID();
    const user = await this.peers.user(userId);
    const { unitPriceCents } = await this.peers.reserve(sku, quantity);
    try {
      const totalCents = quantity * unitPriceCents;
      const payment = await this.peers.charge(id, totalCents, card);
      const paymentId = payment.id;
      const order = await this.save({ id, userId, sku, quantity, totalCents, paymentId });
      this.placed.add(1, { 'shop.sku': sku });
      this.logger.log(`${user.name} ordered ${quantity} of ${sku}`);
      return order;
    } catch (error) {
      await this.undo(id, () => this.peers.release(sku, quantity));
      throw error;
    }
  }

  async get(id: string): Promise<Order> {
    return withStatus(await this.find(id));
  }

  async list(limit: number): Promise<Order[]> {
    const orders = await this.repository.newest(Math.min(limit > 0 ? limit : 20, 100));
    return orders.map(withStatus);
  }

  watch(id: string): Observable<Order> {
    return from(this.find(id)).pipe(
      switchMap((order) => timer(0, STEP_MS / 5).pipe(map(() => withStatus(order)))),
      distinctUntilKeyChanged('status'),
      takeWhile((order) => order.status !== 'shipped', true),
    );
  }

  async slow(ms: number): Promise<SlowReply> {
    const bounded = Math.min(Math.max(ms, 0), MAX_SLOW_MS);
    await sleep(bounded);
    return { ms: bounded };
  }

  private async save(order: NewOrder): Promise<Order> {
    try {
      return withStatus(await this.repository.insert(order));
    } catch (error) {
      await this.undo(order.id, () => this.peers.refund(order.paymentId));
      throw error;
    }
  }

  private async find(id: string): Promise<StoredOrder> {
    const order = await this.repository.find(id);
    if (!order) {
      throw new RpcException({ code: GrpcStatus.NOT_FOUND, message: `No order "${id}"` });
    }
    return order;
  }

  /** A compensation that fails is only logged: the caller should learn why the order failed. */
  private async undo(orderId: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.logger.error(`Order ${orderId} is left half undone`, error);
    }
  }
}

function withStatus({ createdAt, ...order }: StoredOrder): Order {
  const steps = Math.floor((Date.now() - createdAt.getTime()) / STEP_MS);
  const status: OrderStatus = steps < 1 ? 'placed' : steps < 2 ? 'packed' : 'shipped';
  return { ...order, status, createdAt: createdAt.toISOString() };
}
