import type { Observable } from 'rxjs';

export type OrderStatus = 'placed' | 'packed' | 'shipped';

export interface PlaceOrderRequest {
  userId: string;
  sku: string;
  quantity: number;
  /** A token of the card processor, never a card number. */
  card: string;
}

export interface Order {
  id: string;
  userId: string;
  sku: string;
  quantity: number;
  totalCents: number;
  status: OrderStatus;
  /** RFC 3339. */
  createdAt: string;
}

export interface GetOrderRequest {
  id: string;
}

export interface ListOrdersRequest {
  /** 1 to 100; 0 means 20. */
  limit: number;
}

export interface ListOrdersReply {
  orders: Order[];
}

export interface SlowRequest {
  /** 0 to 2000. */
  ms: number;
}

export interface SlowReply {
  ms: number;
}

export interface OrdersClient {
  placeOrder(request: PlaceOrderRequest): Observable<Order>;
  getOrder(request: GetOrderRequest): Observable<Order>;
  listOrders(request: ListOrdersRequest): Observable<ListOrdersReply>;
  watchOrder(request: GetOrderRequest): Observable<Order>;
  slow(request: SlowRequest): Observable<SlowReply>;
}
