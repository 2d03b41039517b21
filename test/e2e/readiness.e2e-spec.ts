import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { useLeakCheck } from '@nestlens/testing';
import { ServiceState } from '../../libs/otel/src/lifecycle/service-state.js';
import { ManagementServer } from '../../libs/otel/src/management/management-server.js';
import { PLATFORMS, ask, createApp, rootModule } from './health-app.js';

const TCP: MicroserviceOptions = {
  transport: Transport.TCP,
  options: { host: '127.0.0.1', port: 0 },
};
const SILENT = { logger: false, abortOnError: false } as const;
const HEALTH = { health: { port: 0, host: '127.0.0.1' } };

async function taken(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

useLeakCheck();

describe('readiness', () => {
  it.each(PLATFORMS)(
    'comes when an HTTP app on %s listens, not when it is initialised',
    async (platform) => {
      const app = await createApp(platform);
      await app.init();
      expect(app.get(ServiceState).name).toBe('starting');
      await app.listen(0, '127.0.0.1');
      expect(app.get(ServiceState).name).toBe('ready');
      await app.close();
      expect(app.get(ServiceState).name).toBe('stopped');
    },
  );

  it('comes when the transport of a microservice listens', async () => {
    // Nest runs the hooks of a microservice twice if it is initialised before it listens.
    const health = { ...HEALTH.health, databases: { postgres: 'POOL' } };
    const pool = { provide: 'POOL', useValue: { ping: () => true } };
    const root = rootModule({ health }, { providers: [pool] });
    const app = await NestFactory.createMicroservice(root, { ...TCP, ...SILENT });
    await app.init();
    const { port } = app.get(ManagementServer).address ?? { port: 0 };
    expect((await ask(port, '/startupz')).status).toBe(503);
    await app.listen();
    expect((await ask(port, '/startupz')).status).toBe(200);
    expect((await ask(port, '/readyz')).status).toBe(200);
    await app.close();
    expect(app.get(ServiceState).name).toBe('stopped');
  });

  it('does not come when the transport cannot listen', async () => {
    const { server, port } = await taken();
    const app = await NestFactory.createMicroservice(rootModule(), {
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
      ...SILENT,
    });
    await expect(app.listen()).rejects.toThrow('EADDRINUSE');
    expect(app.get(ServiceState).name).toBe('starting');
    await app.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('comes when both parts of a hybrid app listen', async () => {
    const app = await createApp('express');
    app.connectMicroservice<MicroserviceOptions>(TCP);
    await app.startAllMicroservices();
    expect(app.get(ServiceState).name).toBe('starting');
    await app.listen(0, '127.0.0.1');
    expect(app.get(ServiceState).name).toBe('ready');
    await app.close();
  });

  it('waits for a microservice that is still starting', async () => {
    const { server, port } = await taken();
    const app = await createApp('express');
    app.connectMicroservice<MicroserviceOptions>({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
    });
    const failed = app.startAllMicroservices().catch((error: Error) => error.message);
    await app.listen(0, '127.0.0.1');
    await expect(failed).resolves.toContain('EADDRINUSE');
    expect(app.get(ServiceState).name).toBe('starting');
    await app.close();
    await new Promise((resolve) => server.close(resolve));
  });
});
