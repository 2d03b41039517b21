import { Injectable, Logger } from '@nestjs/common';
import { GrpcStatus, RpcException } from '@nestjs/microservices';
import { InjectInstrument } from '@nestlens/otel';
import type {
  Reservation,
  RestockItem,
  RestockSummary,
  StockCorrection,
  StockCount,
} from '@nestlens/protos';
import type { Counter } from '@opentelemetry/api';
import { concatMap, reduce, tap } from 'rxjs';
import type { Observable } from 'rxjs';
import { InventoryRepository } from './inventory.repository.js';

@Injectable()
export class InventoryService {
  private readonly logger = new Logger(InventoryService.name);

  constructor(
    private readonly repository: InventoryRepository,
    @InjectInstrument('shop.stock.shortages') private readonly shortages: Counter,
  ) {}

  async reserve(sku: string, quantity: number): Promise<Reservation> {
    requirePositive(quantity);
    const taken = await this.repository.take(sku, quantity);
    if (taken) {
      return { sku, quantity, ...taken };
    }
    if ((await this.repository.quantity(sku)) === undefined) {
      throw noSuchSku(sku);
    }
    this.shortages.add(1, { 'shop.sku': sku });
    this.logger.warn(`Out of stock: ${quantity} of ${sku} were asked for`);
    throw new RpcException({
      code: GrpcStatus.FAILED_PRECONDITION,
      message: `Not enough "${sku}" in stock`,
    });
  }

  /** @returns the number of units on the shelf */
  async release(sku: string, quantity: number): Promise<number> {
    requirePositive(quantity);
    const left = await this.repository.add(sku, quantity);
    if (left === undefined) {
      throw noSuchSku(sku);
    }
    return left;
  }

  restock(items: Observable<RestockItem>): Observable<RestockSummary> {
    return items.pipe(
      concatMap(async (item) => {
        await this.release(item.sku, item.quantity);
        return item.quantity;
      }),
      reduce((summary, units) => ({ items: summary.items + 1, units: summary.units + units }), {
        items: 0,
        units: 0,
      }),
      tap(({ items: lines, units }) =>
        this.logger.log(`Restocked ${units} units in ${lines} lines`),
      ),
    );
  }

  sync(counts: Observable<StockCount>): Observable<StockCorrection> {
    return counts.pipe(concatMap((count) => this.correct(count)));
  }

  private async correct({ sku, counted }: StockCount): Promise<StockCorrection> {
    if (counted < 0) {
      throw new RpcException({
        code: GrpcStatus.INVALID_ARGUMENT,
        message: `A count cannot be ${counted}`,
      });
    }
    const expected = await this.repository.set(sku, counted);
    if (expected === undefined) {
      throw noSuchSku(sku);
    }
    return { sku, expected, counted };
  }
}

function requirePositive(quantity: number): void {
  if (quantity < 1) {
    throw new RpcException({
      code: GrpcStatus.INVALID_ARGUMENT,
      message: `A quantity must be 1 or more, not ${quantity}`,
    });
  }
}

function noSuchSku(sku: string): RpcException {
  return new RpcException({ code: GrpcStatus.NOT_FOUND, message: `No sku "${sku}"` });
}
