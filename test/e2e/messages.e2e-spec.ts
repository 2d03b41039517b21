import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { Controller, Injectable, Module } from '@nestjs/common';
import type { INestApplication, INestMicroservice, OnModuleDestroy } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  ClientsModule,
  EventPattern,
  MessagePattern,
  Transport,
} from '@nestjs/microservices';
import type { ClientProxy } from '@nestjs/microservices';
import { useLeakCheck } from '@nestlens/testing';
import { concat, firstValueFrom, from, lastValueFrom, map, of, toArray } from 'rxjs';
import type { Observable } from 'rxjs';
import { InFlight } from '../../libs/otel/src/lifecycle/in-flight.js';
import { ShutdownSequence } from '../../libs/otel/src/lifecycle/shutdown-sequence.js';
import { Inventory } from '../../libs/otel/src/report/inventory.js';
import { createApp, rootModule } from './health-app.js';

const order: string[] = [];
let begun = Promise.withResolvers<void>();
let release = Promise.withResolvers<void>();

@Injectable()
class Database implements OnModuleDestroy {
  onModuleDestroy(): void {
    order.push('onModuleDestroy');
  }
}

@Controller()
class Messages {
  @MessagePattern('slow')
  async slow(): Promise<string> {
    begun.resolve();
    await release.promise;
    order.push('answered');
    return 'late';
  }

  @MessagePattern('stream')
  stream(): Observable<number> {
    begun.resolve();
    return concat(of(1), from(release.promise).pipe(map(() => 2)));
  }

  @MessagePattern('fails')
  fails(): string {
    throw new Error('no');
  }

  @EventPattern('event')
  async event(_data: unknown): Promise<void> {
    begun.resolve();
    await release.promise;
  }
}

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
};

const PARTS = { controllers: [Messages], providers: [Database] };

useLeakCheck();

describe('messages in flight', () => {
  let app: INestApplication | INestMicroservice;
  let client: ClientProxy;
  let tcp: { transport: Transport.TCP; options: { host: string; port: number } };

  beforeEach(async () => {
    order.length = 0;
    begun = Promise.withResolvers<void>();
    release = Promise.withResolvers<void>();
    const options = { host: '127.0.0.1', port: await freePort() };
    tcp = { transport: Transport.TCP, options };
    client = ClientProxyFactory.create(tcp);
  });

  afterEach(async () => {
    release.resolve();
    client.close();
    await app.close();
  });

  const hybrid = async (shutdown = {}): Promise<INestApplication> => {
    const made = await createApp('express', { shutdown }, PARTS);
    app = made;
    made.connectMicroservice(tcp);
    await made.startAllMicroservices();
    await made.listen(0, '127.0.0.1');
    await client.connect();
    return made;
  };

  const inFlight = (): InFlight => app.get(InFlight, { strict: false });

  it("of a hybrid app are answered before Nest's hooks", async () => {
    await hybrid();
    const answer = firstValueFrom(client.send('slow', {}));
    await begun.promise;
    expect(inFlight().count).toBe(1);
    expect(inFlight().oldest).toMatch(/^tcp .*slow/);
    const closed = app.close();
    await new Promise(setImmediate);
    expect(order).toEqual([]);
    release.resolve();
    expect(await answer).toBe('late');
    await closed;
    expect(order).toEqual(['answered', 'onModuleDestroy']);
  });

  it('appear in the shutdown report if they do not end in time', async () => {
    await hybrid({ inFlightMs: 1 });
    const answer = firstValueFrom(client.send('slow', {})).catch(() => 'cut off');
    await begun.promise;
    const sequence = app.get(ShutdownSequence, { strict: false });
    await app.close();
    const left = sequence.reports.flatMap((report) => report.left);
    expect(left).toEqual([expect.stringMatching(/^requests: 1 in flight, oldest tcp .*slow/)]);
    client.close();
    await answer;
  });

  it('end with the last value of a stream, with a failure, and with an event handler', async () => {
    await hybrid();
    const values = lastValueFrom(client.send<number>('stream', {}).pipe(toArray()));
    await begun.promise;
    expect(inFlight().count).toBe(1);
    release.resolve();
    expect(await values).toEqual([1, 2]);
    await expect(firstValueFrom(client.send('fails', {}))).rejects.toBeDefined();
    begun = Promise.withResolvers<void>();
    release = Promise.withResolvers<void>();
    await firstValueFrom(client.emit('event', {}), { defaultValue: undefined });
    await begun.promise;
    expect(inFlight().count).toBe(1);
    release.resolve();
    expect(await inFlight().idle(new AbortController().signal)).toBe(true);
  });

  it("do not replace the app's own hooks", async () => {
    const made = await createApp('express', {}, PARTS);
    app = made;
    const calls: string[] = [];
    const service = made.connectMicroservice(tcp);
    const server = (service as unknown as { getTransportServer(): object }).getTransportServer();
    const slots = server as {
      setOnProcessingStartHook(
        hook: (id: unknown, context: unknown, done: () => unknown) => unknown,
      ): void;
      setOnProcessingEndHook(hook: () => void): void;
    };
    slots.setOnProcessingStartHook((_id, _context, done) => {
      calls.push('start');
      return done();
    });
    slots.setOnProcessingEndHook(() => void calls.push('end'));
    await made.startAllMicroservices();
    await made.listen(0, '127.0.0.1');
    await client.connect();
    release.resolve();
    expect(await firstValueFrom(client.send('slow', {}))).toBe('late');
    expect(calls).toEqual(['start', 'end']);
  });

  it('of a microservice without HTTP are answered before it ends', async () => {
    const made = await NestFactory.createMicroservice(rootModule({}, PARTS), {
      ...tcp,
      logger: false,
    });
    app = made;
    await made.listen();
    await client.connect();
    const answer = firstValueFrom(client.send('slow', {}));
    await begun.promise;
    const served = made.get(ShutdownSequence, { strict: false }).begin();
    release.resolve();
    await served;
    expect(await answer).toBe('late');
  });

  it('are in the startup report as without trace context, for TCP servers and clients', async () => {
    const { options } = tcp;
    @Module({
      imports: [
        ClientsModule.registerAsync([
          { name: 'ORDERS', useFactory: () => ({ transport: Transport.TCP, options }) },
        ]),
      ],
    })
    class Clients {}
    const made = await createApp('express', {}, { ...PARTS, imports: [Clients] });
    app = made;
    made.connectMicroservice(tcp);
    await made.init();
    const told = made.get(Inventory, { strict: false }).items();
    for (const what of ['tcp', 'ClientTCP']) {
      expect(told).toContainEqual({
        kind: 'left-out',
        what,
        why: expect.stringContaining('carry no trace context yet'),
      });
    }
  });
});
