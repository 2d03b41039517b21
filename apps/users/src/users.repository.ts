import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Span } from '@nestlens/otel';
import type { User } from '@nestlens/protos';
import { Pool } from 'pg';
import { migrate } from './migrations.js';

@Injectable()
export class UsersRepository implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(UsersRepository.name);

  constructor(private readonly pool: Pool) {}

  async onModuleInit(): Promise<void> {
    // Without a listener, an idle connection that breaks would end the process.
    this.pool.on('error', (error) => this.logger.warn(`PostgreSQL: ${error.message}`));
    await migrate(this.pool);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  @Span()
  async find(id: string): Promise<User | undefined> {
    const { rows } = await this.pool.query<User>(
      'select id, name, email from users where id = $1',
      [id],
    );
    return rows[0];
  }
}
