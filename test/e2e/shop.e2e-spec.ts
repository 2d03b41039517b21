import { useLeakCheck } from '@nestlens/testing';
import { eventNames, orderId } from '../../tools/demo/answer.ts';
import { calls } from '../../tools/demo/calls.ts';
import { SERVICES } from '../../tools/demo/shop.ts';
import { DURATIONS, counted, redOfMetric, redOfSpans } from './shop-metrics.js';
import { SAYS } from './shop-logs.js';
import type { Red } from './shop-metrics.js';
import { ShopRun } from './shop-run.js';
import { http, method, rpc } from './shop-spans.js';
import {
  authorize,
  crashed,
  placed,
  placedWell,
  reserve,
  take,
  user,
  watched,
} from './shop-traces.js';

const WATCH_ORDER = 'shop.orders.v1.Orders/WatchOrder';
const SERVER = 2;
const CLIENT = 3;
/** Time from placed to shipped. */
const SHIPPED_MS = 1000;
/** Spans have a clock of their own, which may differ this much. */
const CLOCKS_DIFFER_MS = 20;
/** Allows half a second for all calls of one kind: enough for a busy machine, but no other unit. */
const CLOSE_DIGITS = 0;

/**
 * Expects the same count in a metric and in spans, and the same total within this tolerance, because the two
 * are measured one after the other.
 */
const asSeen = (red: Red): Red =>
  Object.fromEntries(
    Object.entries(red).map(([key, { count, seconds }]) => [
      key,
      { count, seconds: expect.closeTo(seconds, CLOSE_DIGITS) as number },
    ]),
  );

/** Five processes start, and each trace comes from all of them. */
const LIMIT_MS = 120_000;

describe('the shop', () => {
  useLeakCheck({ timeoutMs: 10_000 });
  let run: ShopRun;

  describe('of five services', () => {
    beforeAll(async () => {
      run = await ShopRun.start();
    }, LIMIT_MS);
    afterAll(() => run.close(), LIMIT_MS);

    it(
      'places an order: one trace over all of them',
      async () => {
        const call = calls.place();
        const { traceId } = await run.trace(call, placedWell(call));
        await run.expectLog(traceId, SAYS.ordered);
      },
      LIMIT_MS,
    );

    it(
      "is out of stock: 409, which is an error of the caller's span only",
      async () => {
        const call = calls.outOfStock();
        const code = 'FAILED_PRECONDITION';
        const message = 'Not enough "unicorn" in stock';
        const refused = rpc('orders', 'inventory', 'Reserve', { code, message, children: [take] });
        const expected = placed(call, [user, refused], { code, message });
        const { traceId } = await run.trace(call, expected);
        await run.expectLog(traceId, SAYS.shortage);
      },
      LIMIT_MS,
    );

    it(
      'declines a card: 402, and the stock goes back',
      async () => {
        const call = calls.declined();
        const code = 'PERMISSION_DENIED';
        const message = 'Card declined: insufficient funds';
        const declined = rpc('orders', 'payments', 'Charge', {
          code,
          message,
          children: [authorize],
        });
        const release = rpc('orders', 'inventory', 'Release');
        const expected = placed(call, [user, reserve, declined, release], { code, message });
        const { traceId } = await run.trace(call, expected);
        await run.expectLog(traceId, SAYS.declined);
      },
      LIMIT_MS,
    );

    it(
      'does not know a user: 404',
      async () => {
        const call = calls.unknownUser();
        const code = 'NOT_FOUND';
        const message = 'No user "nobody"';
        const unknown = rpc('orders', 'users', 'GetUser', {
          code,
          message,
          children: [method('users', 'UsersRepository.find')],
        });
        const expected = placed(call, [unknown], { code, message });
        const { traceId } = await run.trace(call, expected);
        await run.expectLog(traceId, SAYS.nobody);
      },
      LIMIT_MS,
    );

    it(
      'refuses a bad body in a pipe: 400, and calls no other service',
      async () => {
        const call = calls.badBody();
        await run.trace(call, http(call, { handler: 'OrdersController.place' }));
      },
      LIMIT_MS,
    );

    it(
      'crashes: 500, an error on every span, with the exception on each SERVER span',
      async () => {
        const call = calls.crash();
        const { traceId } = await run.trace(call, crashed(call));
        await run.expectLog(traceId, SAYS.crashed);
        await run.expectLog(traceId, SAYS.peerCrashed);
      },
      LIMIT_MS,
    );

    it(
      'has no such route: 404 without `http.route`',
      async () => {
        const call = calls.noRoute();
        await run.trace(call, http(call));
      },
      LIMIT_MS,
    );

    it(
      'is slow: the spans take as long as the call',
      async () => {
        const call = calls.slow(300);
        const slow = rpc('gateway', 'orders', 'Slow');
        const expected = http(call, { handler: 'OrdersController.slow', children: [slow] });
        const { traceId } = await run.trace(call, expected);
        for (const { startTime, endTime } of await run.expectTrace(traceId, expected)) {
          expect(Number(endTime - startTime) / 1e6).toBeGreaterThan(290);
        }
      },
      LIMIT_MS,
    );

    it(
      'restocks by a client stream, and syncs by a stream both ways',
      async () => {
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
      },
      LIMIT_MS,
    );

    it(
      'lets an order be watched: the spans last until the stream has ended',
      async () => {
        const { body: order } = await run.ask(calls.place('grace', 'tea'));
        const id = orderId(order);
        const { createdAt } = JSON.parse(order) as { createdAt: string };
        const call = calls.watch(id);
        const { traceId, body } = await run.trace(call, watched(call));
        expect(eventNames(body).at(-1)).toBe('shipped');
        const shippedAt = BigInt(Date.parse(createdAt) + SHIPPED_MS - CLOCKS_DIFFER_MS);
        for (const [service, name, kind] of [
          ['orders', WATCH_ORDER, SERVER],
          ['gateway', WATCH_ORDER, CLIENT],
          ['gateway', 'GET /orders/:id/watch', SERVER],
        ] as const) {
          const { endTime } = run.spanOf(traceId, service, name, kind);
          expect(endTime / 1_000_000n).toBeGreaterThan(shippedAt);
        }
      },
      LIMIT_MS,
    );

    it(
      'ends the spans of a watch when the client disconnects',
      async () => {
        const id = orderId((await run.ask(calls.place('hedy', 'mug'))).body);
        await run.hold(id);
        const call = calls.watch(id);
        const traceId = await run.leave(call.path);
        await run.expectTrace(traceId, watched(call, { code: 'CANCELLED' }));
      },
      LIMIT_MS,
    );

    it(
      "continues the caller's trace, and passes baggage to every service",
      async () => {
        const traceId = '0af7651916cd43dd8448eb211c80319c';
        const spanId = 'b7ad6b7169203331';
        const call = calls.place('barbara', 'mug');
        const response = await fetch(`${run.shop.url('gateway')}${call.path}`, {
          method: call.method,
          body: JSON.stringify(call.body),
          headers: {
            'content-type': 'application/json',
            traceparent: `00-${traceId}-${spanId}-01`,
            baggage: 'tenant=acme,plan=gold%20plus',
          },
        });
        expect([response.status, response.headers.get('x-trace-id')]).toEqual([201, traceId]);
        await response.text();
        const spans = await run.expectTrace(traceId, placedWell(call));
        expect(spans.find(({ name }) => name === 'POST /orders')?.parentSpanId).toBe(spanId);
        for (const [service, path] of [
          ['orders', 'orders.v1.Orders/PlaceOrder'],
          ['users', 'users.v1.Users/GetUser'],
          ['inventory', 'inventory.v1.Inventory/Reserve'],
          ['payments', 'payments.v1.Payments/Charge'],
        ] as const) {
          const line = `baggage /shop.${path} tenant=acme,plan=gold%20plus`;
          expect(run.lines.get(service)).toContain(line);
        }
        // No other request had baggage.
        const all = [...run.lines.values()].flat().filter((line) => line.startsWith('baggage '));
        expect(all).toHaveLength(4);
      },
      LIMIT_MS,
    );

    it(
      'stops by SIGTERM in order, and loses nothing',
      async () => {
        const exits = await run.stop();
        // Nest sends itself the signal again. A shell shows that as 143.
        const ended = { code: null, signal: 'SIGTERM', forced: false };
        expect(Object.fromEntries(exits)).toEqual(
          Object.fromEntries(SERVICES.map((name) => [name, ended])),
        );
        const balances = run.balances();
        expect(balances.filter(({ faults }) => faults.length > 0)).toEqual([]);
        expect(balances.every(({ created }) => created > 0)).toBe(true);
        run.expectTracesAgain();
      },
      LIMIT_MS,
    );

    it(
      'counts each request and call, by route and by method',
      () => {
        const { server } = run;
        const [spans, received] = [server.spans(), server.metrics()];
        for (const service of SERVICES) {
          for (const duration of DURATIONS) {
            const told = redOfMetric(received, service, duration);
            const seen = redOfSpans(spans, service, duration);
            expect([service, told]).toEqual([service, asSeen(seen)]);
          }
        }
        expect(Object.keys(redOfMetric(received, 'gateway', DURATIONS[0])).toSorted()).toEqual([
          'GET - 404 -',
          'GET /orders/:id/watch 200 -',
          'GET /slow 200 -',
          'POST /orders 201 -',
          'POST /orders 400 -',
          'POST /orders 402 -',
          'POST /orders 404 -',
          'POST /orders 409 -',
          'POST /orders 500 Error',
          'POST /stock/restock 200 -',
          'POST /stock/sync 200 -',
        ]);
        expect(counted(received, 'orders', 'shop.orders.placed')).toBe(4);
        expect(counted(received, 'inventory', 'shop.stock.shortages')).toBe(1);
        expect(counted(received, 'gateway', 'http.server.active_requests')).toBe(0);
      },
      LIMIT_MS,
    );
  });
});
