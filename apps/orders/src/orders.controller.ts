import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { ORDERS_SERVICE } from '@nestlens/protos';
import type {
  GetOrderRequest,
  ListOrdersReply,
  ListOrdersRequest,
  Order,
  PlaceOrderRequest,
  SlowReply,
  SlowRequest,
} from '@nestlens/protos';
import type { Observable } from 'rxjs';
import { OrdersService } from './orders.service.js';

@Controller()
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @GrpcMethod(ORDERS_SERVICE)
  placeOrder(request: PlaceOrderRequest): Promise<Order> {
    return this.orders.place(request);
  }

  @GrpcMethod(ORDERS_SERVICE)
  getOrder(request: GetOrderRequest): Promise<Order> {
    return this.orders.get(request.id);
  }

  @GrpcMethod(ORDERS_SERVICE)
  async listOrders(request: ListOrdersRequest): Promise<ListOrdersReply> {
    return { orders: await this.orders.list(request.limit) };
  }

  @GrpcMethod(ORDERS_SERVICE)
  watchOrder(request: GetOrderRequest): Observable<Order> {
    return this.orders.watch(request.id);
  }

  @GrpcMethod(ORDERS_SERVICE)
  slow(request: SlowRequest): Promise<SlowReply> {
    return this.orders.slow(request.ms);
  }
}
