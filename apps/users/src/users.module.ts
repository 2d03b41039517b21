import { Module } from '@nestjs/common';
import { OtelModule } from '@nestlens/otel';
import { Pool } from 'pg';
import { UsersConfig, UsersConfigModule } from './users.config.js';
import { UsersController } from './users.controller.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [
    OtelModule.forRoot({ service: { name: 'users' }, health: { databases: { postgres: Pool } } }),
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
