import { Module } from '@nestjs/common';
import { Pool } from 'pg';
import { InventoryConfig, InventoryConfigModule } from './inventory.config.js';
import { InventoryController } from './inventory.controller.js';
import { InventoryRepository } from './inventory.repository.js';
import { InventoryService } from './inventory.service.js';

@Module({
  imports: [InventoryConfigModule],
  controllers: [InventoryController],
  providers: [
    InventoryService,
    InventoryRepository,
    {
      provide: Pool,
      inject: [InventoryConfig],
      useFactory: (config: InventoryConfig) => new Pool({ connectionString: config.databaseUrl }),
    },
  ],
})
export class InventoryModule {}
