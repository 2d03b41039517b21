import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import { INVENTORY_SERVICE } from '@nestlens/protos';
import type {
  ReleaseReply,
  ReleaseRequest,
  Reservation,
  ReserveRequest,
  RestockItem,
  RestockSummary,
  StockCorrection,
  StockCount,
} from '@nestlens/protos';
import type { Observable } from 'rxjs';
import { InventoryService } from './inventory.service.js';

@Controller()
export class InventoryController {
  constructor(private readonly inventory: InventoryService) {}

  @GrpcMethod(INVENTORY_SERVICE)
  reserve(request: ReserveRequest): Promise<Reservation> {
    return this.inventory.reserve(request.sku, request.quantity);
  }

  @GrpcMethod(INVENTORY_SERVICE)
  async release(request: ReleaseRequest): Promise<ReleaseReply> {
    return { left: await this.inventory.release(request.sku, request.quantity) };
  }

  @GrpcStreamMethod(INVENTORY_SERVICE)
  restock(items: Observable<RestockItem>): Observable<RestockSummary> {
    return this.inventory.restock(items);
  }

  @GrpcStreamMethod(INVENTORY_SERVICE)
  sync(counts: Observable<StockCount>): Observable<StockCorrection> {
    return this.inventory.sync(counts);
  }
}
