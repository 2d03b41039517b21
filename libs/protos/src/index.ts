export {
  INVENTORY_SERVICE,
  ORDERS_SERVICE,
  PAYMENTS_SERVICE,
  USERS_SERVICE,
  contract,
  packageName,
  protoPath,
} from './contract.js';
export type { ContractName } from './contract.js';

export type { GetUserRequest, User, UsersClient } from './users.js';
export type {
  InventoryClient,
  ReleaseReply,
  ReleaseRequest,
  Reservation,
  ReserveRequest,
  RestockItem,
  RestockSummary,
  StockCorrection,
  StockCount,
} from './inventory.js';
export type { ChargeRequest, Payment, PaymentsClient, RefundRequest } from './payments.js';
export type {
  GetOrderRequest,
  ListOrdersReply,
  ListOrdersRequest,
  Order,
  OrdersClient,
  OrderStatus,
  PlaceOrderRequest,
  SlowReply,
  SlowRequest,
} from './orders.js';
