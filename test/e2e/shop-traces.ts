import type { ExpectedSpan } from '@nestlens/testing';
import type { Call } from '../../tools/demo/calls.ts';
import { exception, http, method, rpc } from './shop-spans.js';
import type { RpcParts } from './shop-spans.js';

export const user = rpc('orders', 'users', 'GetUser', {
  children: [method('users', 'UsersRepository.find')],
});
export const take = method('inventory', 'InventoryRepository.take');
export const reserve = rpc('orders', 'inventory', 'Reserve', { children: [take] });
export const authorize = method('payments', 'CardProcessor.authorize');
export const charge = rpc('orders', 'payments', 'Charge', { children: [authorize] });
const getOrder = rpc('gateway', 'orders', 'GetOrder');

/** Expects the answer to `POST /orders`, and the call of orders behind it. */
export const placed = (
  call: Call,
  children: readonly ExpectedSpan[],
  parts: RpcParts = {},
): ExpectedSpan =>
  http(call, {
    handler: 'OrdersController.place',
    children: [rpc('gateway', 'orders', 'PlaceOrder', { ...parts, children })],
  });

/** Expects an order that succeeds. */
export const placedWell = (call: Call): ExpectedSpan =>
  placed(call, [user, reserve, charge, method('orders', 'OrdersRepository.insert')]);

/** Expects an order that crashes, with the exception on each SERVER span. */
export const crashed = (call: Call): ExpectedSpan => {
  const message = 'Internal server error';
  return http(call, {
    handler: 'OrdersController.place',
    error: { type: 'Error', message: `2 UNKNOWN: ${message}` },
    events: [exception('Error', `2 UNKNOWN: ${message}`, 'grpc')],
    children: [
      rpc('gateway', 'orders', 'PlaceOrder', {
        code: 'UNKNOWN',
        message,
        events: [exception('Error', 'The shelf fell over', 'orders\\.service')],
      }),
    ],
  });
};

/** Expects that the gateway gets the order first, and then watches it. */
export const watched = (call: Call, { code = 'OK' }: RpcParts = {}): ExpectedSpan =>
  http(call, {
    handler: 'OrdersController.watch',
    children: [getOrder, rpc('gateway', 'orders', 'WatchOrder', { code })],
  });
