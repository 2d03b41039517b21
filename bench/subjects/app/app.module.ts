import { Controller, Get, Injectable, Logger, Module, Param } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';

interface Order {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly items: readonly { readonly sku: string; readonly count: number }[];
}

/** One log line for each request, where it is asked for. */
const logs = process.env['BENCH_LOG'] === 'true';

@Injectable()
export class OrdersService {
  readonly #logger = new Logger(OrdersService.name);

  async find(id: string): Promise<Order> {
    if (logs) this.#logger.log(`found order ${id}`);
    return {
      id,
      status: 'placed',
      total: 4200,
      items: [
        { sku: 'cable-2m', count: 2 },
        { sku: 'lamp-e27', count: 1 },
      ],
    };
  }
}

@Controller('orders')
export class OrdersController {
  readonly #orders: OrdersService;

  constructor(orders: OrdersService) {
    this.#orders = orders;
  }

  @Get(':id')
  find(@Param('id') id: string): Promise<Order> {
    return this.#orders.find(id);
  }
}

@Module({ controllers: [OrdersController], providers: [OrdersService] })
export class AppModule {
  /** The same app with what a subject adds to it. */
  static with(imports: NonNullable<DynamicModule['imports']>): DynamicModule {
    return { module: AppModule, imports };
  }
}
