import { request } from 'node:http';
import type { ExpectedSpan } from '@nestlens/testing';
import { useLeakCheck } from '@nestlens/testing';
import { Client } from 'pg';
import { eventNames, orderId } from '../../tools/demo/answer.ts';
import { calls } from '../../tools/demo/calls.ts';
import type { ServiceName } from '../../tools/demo/shop.ts';
import { ShopRun } from './shop-run.js';
import { exception, http, method, rpc } from './shop-spans.js';
import type { RpcParts } from './shop-spans.js';

const SLOW_MS = 120_000;
const SERVER = 2;

const user = rpc('orders', 'users', 'GetUser', {
  children: [method('users', 'UsersRepository.find')],
});
const take = method('inventory', 'InventoryRepository.take');
const reserve = rpc('orders', 'inventory', 'Reserve', { children: [take] });
const authorize = method('payments', 'CardProcessor.authorize');
const charge = rpc('orders', 'payments', 'Charge', { children: [authorize] });
const getOrder = rpc('gateway', 'orders', 'GetOrder');
const PLACE = 'OrdersController.place';

const placeOrder = (children: readonly ExpectedSpan[], parts: RpcParts = {}): ExpectedSpan =>
  rpc('gateway', 'orders', 'PlaceOrder', { ...parts, children });

/** A line in the log of a service, and the span that it was written in. */
interface Said {
  service: ServiceName;
  body: string | RegExp;
  severity: [number: number, text: string];
  span: string;
}

const SAYS = {
  ordered: {
    service: 'orders',
    body: 'Ada Lovelace ordered 1 of coffee',
    severity: [9, 'log'],
    span: 'shop.orders.v1.Orders/PlaceOrder',
  },
  shortage: {
    service: 'inventory',
    body: 'Out of stock: 1 of unicorn were asked for',
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
    body: 'Nobody has the id "nobody"',
    severity: [13, 'warn'],
    span: 'shop.users.v1.Users/GetUser',
  },
  crashed: {
    service: 'orders',
    body: 'The shelf fell over',
    severity: [17, 'error'],
    span: 'shop.orders.v1.Orders/PlaceOrder',
  },
  peerCrashed: {
    service: 'gateway',
    body: 'A peer answered UNKNOWN: Internal server error',
    severity: [17, 'error'],
    span: 'POST /orders',
  },
} satisfies Record<string, Said>;

describe('the shop', () => {
  useLeakCheck({ timeoutMs: 10_000 });
  let run: ShopRun;

  /** One record of that service in that trace, on the SERVER span of that name. */
  async function expectLog(traceId: string | undefined, said: Said): Promise<void> {
    const record = await run.log(traceId, said.service);
    expect(record.body).toEqual(
      typeof said.body === 'string' ? said.body : expect.stringMatching(said.body),
    );
    expect([record.severityNumber, record.severityText]).toEqual(said.severity);
    expect(record.spanId).toBe(run.spanOf(traceId, said.service, said.span, SERVER).spanId);
  }

  describe('of five services', () => {
    beforeAll(async () => {
      run = await ShopRun.start();
    }, SLOW_MS);
    afterAll(() => run.close(), SLOW_MS);

    it('places an order: one trace over all of them', async () => {
      const call = calls.place();
      const insert = method('orders', 'OrdersRepository.insert');
      const placed = placeOrder([user, reserve, charge, insert]);
      const { traceId } = await run.trace(call, http(call, { handler: PLACE, children: [placed] }));
      await expectLog(traceId, SAYS.ordered);
    });

    it("is out of stock: 409, which is nobody's fault but the caller's", async () => {
      const call = calls.outOfStock();
      const code = 'FAILED_PRECONDITION';
      const message = 'Not enough "unicorn" in stock';
      const refused = rpc('orders', 'inventory', 'Reserve', { code, message, children: [take] });
      const placed = placeOrder([user, refused], { code, message });
      const { traceId } = await run.trace(call, http(call, { handler: PLACE, children: [placed] }));
      await expectLog(traceId, SAYS.shortage);
    });

    it('declines a card: 402, and the stock goes back', async () => {
      const call = calls.declined();
      const code = 'PERMISSION_DENIED';
      const message = 'Card declined: insufficient funds';
      const declined = rpc('orders', 'payments', 'Charge', {
        code,
        message,
        children: [authorize],
      });
      const release = rpc('orders', 'inventory', 'Release');
      const placed = placeOrder([user, reserve, declined, release], { code, message });
      const { traceId } = await run.trace(call, http(call, { handler: PLACE, children: [placed] }));
      await expectLog(traceId, SAYS.declined);
    });

    it('does not know a user: 404', async () => {
      const call = calls.unknownUser();
      const code = 'NOT_FOUND';
      const message = 'No user "nobody"';
      const unknown = rpc('orders', 'users', 'GetUser', {
        code,
        message,
        children: [method('users', 'UsersRepository.find')],
      });
      const placed = placeOrder([unknown], { code, message });
      const { traceId } = await run.trace(call, http(call, { handler: PLACE, children: [placed] }));
      await expectLog(traceId, SAYS.nobody);
    });

    it('refuses a bad body in a pipe: 400, and nobody else hears of it', async () => {
      const call = calls.badBody();
      await run.trace(call, http(call, { handler: PLACE }));
    });

    it('crashes: 500, an error on every span, with the exception where it was thrown', async () => {
      const call = calls.crash();
      const message = 'Internal server error';
      const crashed = placeOrder([], {
        code: 'UNKNOWN',
        message,
        events: [exception('Error', 'The shelf fell over', 'orders\\.service')],
      });
      const { traceId } = await run.trace(
        call,
        http(call, {
          handler: PLACE,
          error: { type: 'Error', message: `2 UNKNOWN: ${message}` },
          events: [exception('Error', `2 UNKNOWN: ${message}`, 'grpc')],
          children: [crashed],
        }),
      );
      await expectLog(traceId, SAYS.crashed);
      await expectLog(traceId, SAYS.peerCrashed);
    });

    it('knows no such route: 404 without a route', async () => {
      const call = calls.noRoute();
      await run.trace(call, http(call));
    });

    it('is slow: the spans take as long as the call', async () => {
      const call = calls.slow(300);
      const slow = rpc('gateway', 'orders', 'Slow');
      const expected = http(call, { handler: 'OrdersController.slow', children: [slow] });
      const { traceId } = await run.trace(call, expected);
      for (const { startTime, endTime } of await run.expectTrace(traceId, expected)) {
        expect(Number(endTime - startTime) / 1e6).toBeGreaterThan(290);
      }
    });

    it('restocks by a client stream, and syncs by a stream both ways', async () => {
      const [restock, sync] = [calls.restock(), calls.sync()];
      await run.trace(
        restock,
        http(restock, {
          handler: 'StockController.restock',
          children: [rpc('gateway', 'inventory', 'Restock')],
        }),
      );
      await run.trace(
        sync,
        http(sync, {
          handler: 'StockController.sync',
          children: [rpc('gateway', 'inventory', 'Sync')],
        }),
      );
    });
  });
});
