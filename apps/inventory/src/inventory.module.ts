import { Module } from '@nestjs/common';
import { OtelModule, provideCounter } from '@nestlens/otel';
import { Pool } from 'pg';
import { InventoryConfig, InventoryConfigModule } from './inventory.config.js';
import { InventoryController } from './inventory.controller.js';
import { InventoryRepository } from './inventory.repository.js';
import { InventoryService } from './inventory.service.js';

@Module({
  imports: [
    OtelModule.forRoot({
      service: { name: 'inventory' },
      // The shop runs on this machine alone, so its probes may show details on their only port.
      health: { databases: { postgres: Pool }, details: 'always' },
    }),
    InventoryConfigModule,
  ],
  controllers: [InventoryController],
  providers: [
    InventoryService,
    InventoryRepository,
    provideCounter('shop.stock.shortages', {
      unit: '{request}',
      description: 'Requests for more units than were in stock.',
    }),
    {
      provide: Pool,
      inject: [InventoryConfig],
      useFactory: (config: InventoryConfig) => new Pool({ connectionString: config.databaseUrl }),
    },
  ],
})
export class InventoryModule {}
