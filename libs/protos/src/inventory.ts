import type { Observable } from 'rxjs';

export interface ReserveRequest {
  sku: string;
  quantity: number;
}

export interface Reservation {
  sku: string;
  quantity: number;
  unitPriceCents: number;
  left: number;
}

export interface ReleaseRequest {
  sku: string;
  quantity: number;
}

export interface ReleaseReply {
  left: number;
}

export interface RestockItem {
  sku: string;
  quantity: number;
}

export interface RestockSummary {
  items: number;
  units: number;
}

export interface StockCount {
  sku: string;
  counted: number;
}

export interface StockCorrection {
  sku: string;
  expected: number;
  counted: number;
}

export interface InventoryClient {
  reserve(request: ReserveRequest): Observable<Reservation>;
  release(request: ReleaseRequest): Observable<ReleaseReply>;
  restock(items: Observable<RestockItem>): Observable<RestockSummary>;
  sync(counts: Observable<StockCount>): Observable<StockCorrection>;
}
