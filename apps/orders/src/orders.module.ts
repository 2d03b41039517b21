import { Module } from '@nestjs/common';
import { ClientsModule, Transport } from '@nestjs/microservices';
import { OtelModule, provideCounter } from '@nestlens/otel';
import { contract } from '@nestlens/protos';
import { Pool } from 'pg';
import { OrdersConfig, OrdersConfigModule } from './orders.config.js';
import { OrdersController } from './orders.controller.js';
import { OrdersPeers } from './orders.peers.js';
import { OrdersRepository } from './orders.repository.js';
import { OrdersService } from './orders.service.js';

/** Every call to a peer is given up after this time. */
const DEADLINE = JSON.stringify({ methodConfig: [{ name: [{}], timeout: '3s' }] });

@Module({
  imports: [
    OtelModule.forRoot({
      service: { name: 'orders' },
      // The shop runs on this machine alone, so its probes may show details on their only port.
      health: { databases: { postgres: Pool }, details: 'always' },
    }),
    OrdersConfigModule,
    ClientsModule.registerAsync(
      (['users', 'inventory', 'payments'] as const).map((name) => ({
        name,
        inject: [OrdersConfig],
        useFactory: (config: OrdersConfig) => ({
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
  controllers: [OrdersController],
  providers: [
    OrdersService,
    OrdersPeers,
    OrdersRepository,
    provideCounter('shop.orders.placed', {
      unit: '{order}',
      description: 'Orders that were paid.',
    }),
    {
      provide: Pool,
      inject: [OrdersConfig],
      useFactory: (config: OrdersConfig) => new Pool({ connectionString: config.databaseUrl }),
    },
  ],
})
export class OrdersModule {}
