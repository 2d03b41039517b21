import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Span } from '@nestlens/otel';
import { Pool } from 'pg';
import { migrate } from './migrations.js';

export interface NewOrder {
  readonly id: string;
  readonly userId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly totalCents: number;
  readonly paymentId: string;
}

/** An order as it is returned: without the payment, which is private. */
export interface StoredOrder extends Omit<NewOrder, 'paymentId'> {
  readonly createdAt: Date;
}

const COLUMNS = `id, user_id as "userId", sku, quantity, total_cents as "totalCents",
  created_at as "createdAt"`;

@Injectable()
export class OrdersRepository implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(OrdersRepository.name);

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
  async insert(order: NewOrder): Promise<StoredOrder> {
    const { id, userId, sku, quantity, totalCents, paymentId } = order;
    const { rows } = await this.pool.query<StoredOrder>(
      `insert into orders (id, user_id, sku, quantity, total_cents, payment_id)
       values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
      [id, userId, sku, quantity, totalCents, paymentId],
    );
    return rows[0]!;
  }

  async find(id: string): Promise<StoredOrder | undefined> {
    const { rows } = await this.pool.query<StoredOrder>(
      `select ${COLUMNS} from orders where id = $1`,
      [id],
    );
    return rows[0];
  }

  async newest(limit: number): Promise<StoredOrder[]> {
    const { rows } = await this.pool.query<StoredOrder>(
      `select ${COLUMNS} from orders order by created_at desc limit $1`,
      [limit],
    );
    return rows;
  }
}
