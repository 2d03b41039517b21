import { Logger } from '@nestjs/common';
import { GrpcStatus, RpcException } from '@nestjs/microservices';
import type { Order } from '@nestlens/protos';
import { metrics } from '@opentelemetry/api';
import { lastValueFrom, toArray } from 'rxjs';
import type { OrdersPeers } from './orders.peers.js';
import type { NewOrder, OrdersRepository, StoredOrder } from './orders.repository.js';
import { OrdersService } from './orders.service.js';

const REQUEST = { userId: 'ada', sku: 'tea', quantity: 2, card: 'tok_visa' };
const declined = new RpcException({ code: GrpcStatus.PERMISSION_DENIED, message: 'declined' });

/** Makes a service with peers and a table in memory. They record each step, and the steps in `failing` fail. */
function shop(failing: Record<string, Error> = {}) {
  const steps: string[] = [];
  const table = new Map<string, StoredOrder>();
  async function step<T>(name: string, answer: T): Promise<T> {
    steps.push(name);
    if (failing[name]) throw failing[name];
    return answer;
  }
  const peers = {
    user: (id: string) => step('user', { id, name: 'Ada', email: '' }),
    reserve: (sku: string, quantity: number) =>
      step('reserve', { sku, quantity, unitPriceCents: 790, left: 1 }),
    release: () => step('release', undefined),
    charge: (_id: string, amountCents: number) =>
      step('charge', { id: 'p1', amountCents, refunded: false }),
    refund: () => step('refund', undefined),
  } satisfies Partial<OrdersPeers>;
  const repository = {
    insert: async (order: NewOrder) => {
      const stored = { ...order, createdAt: new Date() };
      await step('insert', undefined);
      table.set(order.id, stored);
      return stored;
    },
    find: async (id: string) => table.get(id),
    newest: async (limit: number) => [...table.values()].slice(0, limit),
  } satisfies Partial<OrdersRepository>;
  const service = new OrdersService(
    peers as unknown as OrdersPeers,
    repository as unknown as OrdersRepository,
    metrics.getMeter('spec').createCounter('shop.orders.placed'),
  );
  return { service, steps, table };
}

describe('OrdersService', () => {
  beforeAll(() => Logger.overrideLogger(false));

  it('gets the user, reserves, charges and stores the order, in this order', async () => {
    const { service, steps } = shop();
    const order = await service.place(REQUEST);
    expect(order).toMatchObject({ userId: 'ada', sku: 'tea', totalCents: 1580, status: 'placed' });
    expect(steps).toEqual(['user', 'reserve', 'charge', 'insert']);
  });

  it.each([
    ['user', ['user']],
    ['reserve', ['user', 'reserve']],
    ['charge', ['user', 'reserve', 'charge', 'release']],
    ['insert', ['user', 'reserve', 'charge', 'insert', 'refund', 'release']],
  ])('undoes the earlier steps if %s fails', async (name, expected) => {
    const { service, steps, table } = shop({ [name]: declined });
    await expect(service.place(REQUEST)).rejects.toBe(declined);
    expect(steps).toEqual(expected);
    expect(table.size).toBe(0);
  });

  it('rejects with the reason of the order, even if undoing a step fails', async () => {
    const { service, steps } = shop({ charge: declined, release: new Error('inventory is gone') });
    await expect(service.place(REQUEST)).rejects.toBe(declined);
    expect(steps.at(-1)).toBe('release');
  });

  it('answers NOT_FOUND for an unknown order', async () => {
    const { service } = shop();
    const notFound = { error: { code: GrpcStatus.NOT_FOUND, message: 'No order "7"' } };
    await expect(service.get('7')).rejects.toMatchObject(notFound);
    await expect(lastValueFrom(service.watch('7'))).rejects.toMatchObject(notFound);
  });

  it('streams each status once until the order is shipped', async () => {
    const { service } = shop();
    const { id } = await service.place(REQUEST);
    const seen: Order[] = await lastValueFrom(service.watch(id).pipe(toArray()));
    expect(seen.map((order) => order.status)).toEqual(['placed', 'packed', 'shipped']);
    expect((await service.get(id)).status).toBe('shipped');
  });

  it('corrects a limit and a delay that are too small', async () => {
    const { service } = shop();
    await service.place(REQUEST);
    expect(await service.list(0)).toHaveLength(1);
    expect(await service.slow(-5)).toEqual({ ms: 0 });
  });
});
