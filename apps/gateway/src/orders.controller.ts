import {
  Body,
  Controller,
  DefaultValuePipe,
  Get,
  Inject,
  Param,
  ParseIntPipe,
} from '@nestjs/common';
import { Post, Query, Sse } from '@nestjs/common';
import type { MessageEvent, OnModuleInit } from '@nestjs/common';
import type { ClientGrpc } from '@nestjs/microservices';
import { ORDERS_SERVICE } from '@nestlens/protos';
import type { Order, OrdersClient, PlaceOrderRequest, SlowReply } from '@nestlens/protos';
import { firstValueFrom, map } from 'rxjs';
import type { Observable } from 'rxjs';
import { PlaceOrderPipe } from './place-order.pipe.js';

@Controller()
export class OrdersController implements OnModuleInit {
  private orders: OrdersClient;

  constructor(@Inject('orders') private readonly grpc: ClientGrpc) {}

  onModuleInit(): void {
    this.orders = this.grpc.getService(ORDERS_SERVICE);
  }

  @Post('orders')
  place(@Body(PlaceOrderPipe) request: PlaceOrderRequest): Observable<Order> {
    return this.orders.placeOrder(request);
  }

  @Get('orders')
  list(@Query('limit', new DefaultValuePipe(20), ParseIntPipe) limit: number): Observable<Order[]> {
    return this.orders.listOrders({ limit }).pipe(map((reply) => reply.orders));
  }

  @Get('orders/:id')
  get(@Param('id') id: string): Observable<Order> {
    return this.orders.getOrder({ id });
  }

  @Sse('orders/:id/watch')
  async watch(@Param('id') id: string): Promise<Observable<MessageEvent>> {
    // Asked first: once the stream is open, an unknown order cannot become a 404 any more.
    await firstValueFrom(this.orders.getOrder({ id }));
    const events = this.orders.watchOrder({ id });
    return events.pipe(map((order) => ({ type: order.status, data: order })));
  }

  @Get('slow')
  slow(@Query('ms', ParseIntPipe) ms: number): Observable<SlowReply> {
    return this.orders.slow({ ms });
  }
}
