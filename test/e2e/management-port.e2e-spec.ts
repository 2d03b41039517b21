import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { useLeakCheck } from '@nestlens/testing';
import { ShutdownSequence } from '../../libs/otel/src/lifecycle/shutdown-sequence.js';
import { ManagementServer } from '../../libs/otel/src/management/management-server.js';
import { ask, createApp, rootModule, portOf } from './health-app.js';

useLeakCheck();

describe('the management port', () => {
  it('answers from the boot to the end of the shutdown, longer than the port of the app', async () => {
    const boot = Promise.withResolvers<void>();
    const slow = { provide: 'SLOW', useValue: { onModuleInit: () => boot.promise } };
    const app = await createApp(
      'express',
      { health: { port: 0, host: '127.0.0.1' } },
      { providers: [slow] },
    );
    const server = app.get(ManagementServer);
    const started = app.listen(0, '127.0.0.1');
    while (!server.address) await new Promise(setImmediate);
    const { port } = server.address;
    expect((await ask(port, '/livez')).status).toBe(200);
    expect((await ask(port, '/startupz')).status).toBe(503);
    expect((await ask(port, '/readyz')).status).toBe(503);
    boot.resolve();
    await started;
    expect((await ask(port, '/startupz')).status).toBe(200);
    expect((await ask(port, '/readyz')).status).toBe(200);
    expect((await ask(port, '/nothing')).status).toBe(404);
    expect((await ask(port, '/livez', { method: 'POST' })).status).toBe(405);

    const own = portOf(app);
    await app.get(ShutdownSequence).begin();
    await expect(ask(own, '/livez')).rejects.toThrow('ECONNREFUSED');
    expect((await ask(port, '/livez')).status).toBe(200);
    expect((await ask(port, '/readyz')).status).toBe(503);
    await app.close();
    expect(server.address).toBeUndefined();
    await expect(ask(port, '/livez')).rejects.toThrow('ECONNREFUSED');
  });

  it('is ready at once for an application context', async () => {
    const context = await NestFactory.createApplicationContext(
      rootModule({ health: { port: 0, host: '127.0.0.1' } }),
      { logger: false },
    );
    const { port } = context.get(ManagementServer).address ?? { port: 0 };
    expect((await ask(port, '/readyz')).status).toBe(200);
    await context.close();
  });

  it('answers a probe while more connections than its limit are open without a request', async () => {
    const context = await NestFactory.createApplicationContext(
      rootModule({ health: { port: 0, host: '127.0.0.1' } }),
      { logger: false },
    );
    const { port } = context.get(ManagementServer).address ?? { port: 0 };
    const open: Socket[] = [];
    for (let index = 0; index < 200; index += 1) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      // Half of them send the beginning of a request.
      if (index % 2 === 0) socket.write('GET /readyz HTTP/1.1\r\n');
      open.push(socket);
    }
    expect((await ask(port, '/readyz')).status).toBe(200);
    while (open.filter(({ closed }) => closed).length < 70) await new Promise(setImmediate);
    expect(open.slice(0, 70).every(({ closed }) => closed)).toBe(true);
    expect(open.at(-1)?.closed).toBe(false);
    for (const socket of open) socket.destroy();
    await context.close();
  });

  it('stops the start when it is taken', async () => {
    const first = await createApp('express', { health: { port: 0, host: '127.0.0.1' } });
    await first.init();
    const { port } = first.get(ManagementServer).address ?? { port: 0 };
    const second = await createApp('express', { health: { port, host: '127.0.0.1' } });
    await expect(second.init()).rejects.toThrow(`health.port ${port} cannot be bound`);
    await second.close();
    await first.close();
  });
});
