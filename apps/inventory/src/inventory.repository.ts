import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Span } from '@nestlens/otel';
import { Pool } from 'pg';
import { migrate } from './migrations.js';

/** The quantity that is left after units were taken, and the price of one unit. */
export interface Taken {
  readonly left: number;
  readonly unitPriceCents: number;
}

@Injectable()
export class InventoryRepository implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(InventoryRepository.name);

  constructor(private readonly pool: Pool) {}

  async onModuleInit(): Promise<void> {
    // Without a listener, an idle connection that breaks would end the process.
    this.pool.on('error', (error) => this.logger.warn(`PostgreSQL: ${error.message}`));
    await migrate(this.pool);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  async quantity(sku: string): Promise<number | undefined> {
    const { rows } = await this.pool.query<{ quantity: number }>(
      'select quantity from stock where sku = $1',
      [sku],
    );
    return rows[0]?.quantity;
  }

  /** Returns nothing if the sku is unknown or too few units are left. */
  @Span()
  async take(sku: string, quantity: number): Promise<Taken | undefined> {
    const { rows } = await this.pool.query<Taken>(
      `update stock set quantity = quantity - $2 where sku = $1 and quantity >= $2
       returning quantity as left, unit_price_cents as "unitPriceCents"`,
      [sku, quantity],
    );
    return rows[0];
  }

  /** @returns the new quantity; nothing, where there is no such sku */
  async add(sku: string, quantity: number): Promise<number | undefined> {
    const { rows } = await this.pool.query<{ quantity: number }>(
      'update stock set quantity = quantity + $2 where sku = $1 returning quantity',
      [sku, quantity],
    );
    return rows[0]?.quantity;
  }

  /** @returns the quantity before; nothing, where there is no such sku */
  async set(sku: string, quantity: number): Promise<number | undefined> {
    const { rows } = await this.pool.query<{ before: number }>(
      `update stock set quantity = $2
       from (select sku, quantity as before from stock where sku = $1 for update) as old
       where stock.sku = old.sku returning before`,
      [sku, quantity],
    );
    return rows[0]?.before;
  }
}
