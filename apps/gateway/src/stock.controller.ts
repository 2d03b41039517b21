import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import type { ClientGrpc } from '@nestjs/microservices';
import { INVENTORY_SERVICE } from '@nestlens/protos';
import type {
  InventoryClient,
  RestockItem,
  RestockSummary,
  StockCorrection,
  StockCount,
} from '@nestlens/protos';
import { from, toArray } from 'rxjs';
import type { Observable } from 'rxjs';
import { StockLinesPipe } from './stock-lines.pipe.js';

@Controller('stock')
export class StockController implements OnModuleInit {
  private inventory: InventoryClient;

  constructor(@Inject('inventory') private readonly grpc: ClientGrpc) {}

  onModuleInit(): void {
    this.inventory = this.grpc.getService(INVENTORY_SERVICE);
  }

  /** A delivery: its lines go out as one client stream. */
  @Post('restock')
  @HttpCode(200)
  restock(@Body(new StockLinesPipe('quantity')) items: RestockItem[]): Observable<RestockSummary> {
    return this.inventory.restock(from(items));
  }

  /** A stocktake: counts go out and corrections come back on one bidirectional stream. */
  @Post('sync')
  @HttpCode(200)
  sync(@Body(new StockLinesPipe('counted')) counts: StockCount[]): Observable<StockCorrection[]> {
    return this.inventory.sync(from(counts)).pipe(toArray());
  }
}
