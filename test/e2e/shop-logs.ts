import type { ServiceName } from '../../tools/demo/shop.ts';

/** A line in the log of a service, with the SERVER span in which it was written. */
export interface Said {
  service: ServiceName;
  body: RegExp;
  severity: [number: number, text: string];
  span: string;
}

export const SAYS = {
  ordered: {
    service: 'orders',
    body: /^Ada Lovelace ordered 1 of coffee$/,
    severity: [9, 'log'],
    span: 'shop.orders.v1.Orders/PlaceOrder',
  },
  shortage: {
    service: 'inventory',
    body: /^Out of stock: 1 of unicorn were asked for$/,
    severity: [13, 'warn'],
    span: 'shop.inventory.v1.Inventory/Reserve',
  },
  declined: {
    service: 'payments',
    body: /^Declined for order [-\da-f]+: insufficient funds$/,
    severity: [13, 'warn'],
    span: 'shop.payments.v1.Payments/Charge',
  },
  nobody: {
    service: 'users',
    body: /^Nobody has the id "nobody"$/,
    severity: [13, 'warn'],
    span: 'shop.users.v1.Users/GetUser',
  },
  crashed: {
    service: 'orders',
    body: /^The shelf fell over$/,
    severity: [17, 'error'],
    span: 'shop.orders.v1.Orders/PlaceOrder',
  },
  peerCrashed: {
    service: 'gateway',
    body: /^A peer answered UNKNOWN: Internal server error$/,
    severity: [17, 'error'],
    span: 'POST /orders',
  },
} satisfies Record<string, Said>;
