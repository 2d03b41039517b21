import { Module } from '@nestjs/common';
import type { MiddlewareConsumer, NestModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ClientsModule, Transport } from '@nestjs/microservices';
import { OtelModule } from '@nestlens/otel';
import { contract } from '@nestlens/protos';
import { GatewayConfig, GatewayConfigModule } from './gateway.config.js';
import { OrdersController } from './orders.controller.js';
import { RpcErrorFilter } from './rpc-error.filter.js';
import { StockController } from './stock.controller.js';
import { TraceIdMiddleware } from './trace-id.middleware.js';
import { UsersController } from './users.controller.js';

/** Every call to a peer is given up after this time. */
const DEADLINE = JSON.stringify({ methodConfig: [{ name: [{}], timeout: '5s' }] });

@Module({
  imports: [
    // The shop runs on this machine alone, so its probes may show details on their only port.
    OtelModule.forRoot({ service: { name: 'gateway' }, health: { details: 'always' } }),
    GatewayConfigModule,
    ClientsModule.registerAsync(
      (['orders', 'users', 'inventory'] as const).map((name) => ({
        name,
        inject: [GatewayConfig],
        useFactory: (config: GatewayConfig) => ({
          transport: Transport.GRPC,
          options: {
            ...contract(name),
            url: config[`${name}Url`],
            channelOptions: { 'grpc.service_config': DEADLINE },
          },
        }),
      })),
    ),
  ],
  controllers: [OrdersController, StockController, UsersController],
  providers: [{ provide: APP_FILTER, useClass: RpcErrorFilter }],
})
export class GatewayModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(TraceIdMiddleware).forRoutes('{*path}');
  }
}
