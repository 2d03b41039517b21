import { Module } from '@nestjs/common';
import { OtelModule } from '@nestlens/otel';
import { Pool } from 'pg';
import { UsersConfig, UsersConfigModule } from './users.config.js';
import { UsersController } from './users.controller.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [
    OtelModule.forRoot({
      service: { name: 'users' },
      // The shop runs on this machine alone, so its probes may show details on their only port.
      health: { databases: { postgres: Pool }, details: 'always' },
    }),
    UsersConfigModule,
  ],
  controllers: [UsersController],
  providers: [
    UsersService,
    UsersRepository,
    {
      provide: Pool,
      inject: [UsersConfig],
      useFactory: (config: UsersConfig) => new Pool({ connectionString: config.databaseUrl }),
    },
  ],
})
export class UsersModule {}
