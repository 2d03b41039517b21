import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Logger } from '@nestjs/common';
import type { INestApplication, LoggerService } from '@nestjs/common';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { jest } from '@jest/globals';
import { useLeakCheck } from '@nestlens/testing';
import { InFlight } from '../../libs/otel/src/lifecycle/in-flight.js';
import { SILENCE_MS } from '../../libs/otel/src/lifecycle/service-readiness.js';
import { ServiceState } from '../../libs/otel/src/lifecycle/service-state.js';
import { ShutdownSequence } from '../../libs/otel/src/lifecycle/shutdown-sequence.js';
import { ask, createApp } from './health-app.js';

let begun = Promise.withResolvers<void>();
let release = Promise.withResolvers<void>();

@Controller()
class Slow {
  @Get('slow')
  async slow(): Promise<string> {
    begun.resolve();
    await release.promise;
    return 'late';
  }
}

useLeakCheck();

describe('an app that never calls listen()', () => {
  let app: INestApplication;
  let server: Server | undefined;

  beforeEach(() => {
    begun = Promise.withResolvers<void>();
    release = Promise.withResolvers<void>();
  });

  afterEach(async () => {
    await app.close();
    server?.closeAllConnections();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
    server = undefined;
  });

  const served = async (): Promise<number> => {
    const listener = app.getHttpAdapter().getInstance() as RequestListener;
    server = createServer(listener).listen(0, '127.0.0.1');
    await new Promise((resolve) => server!.once('listening', resolve));
    return (server.address() as AddressInfo).port;
  };

  it('is ready at the first request to a server of its own, even if that is a probe', async () => {
    app = await createApp('express', {}, { controllers: [Slow] });
    await app.init();
    const port = await served();
    expect(app.get(ServiceState).name).toBe('starting');
    expect((await ask(port, '/readyz')).status).toBe(200);
    expect((await ask(port, '/startupz')).status).toBe(200);
  });

  it('drains that server: a request in flight is answered during the shutdown', async () => {
    app = await createApp('express', {}, { controllers: [Slow] });
    await app.init();
    const port = await served();
    const answer = ask(port, '/slow');
    await begun.promise;
    expect(app.get(InFlight).count).toBe(1);
    const drained = app.get(ShutdownSequence).begin();
    expect((await ask(port, '/readyz')).status).toBe(503);
    expect(app.get(InFlight).count).toBe(1);
    release.resolve();
    expect((await answer).body).toBe('late');
    await drained;
    expect(app.get(ShutdownSequence).reports.flatMap(({ left }) => left)).toEqual([]);
  });

  it('is ready at the first injected request', async () => {
    app = await createApp('fastify');
    await app.init();
    const answer = await (app.getHttpAdapter() as unknown as FastifyAdapter).inject({
      method: 'GET',
      url: '/readyz',
    });
    expect(answer.statusCode).toBe(200);
  });

  it('is not made ready by a request that comes before it is initialised', async () => {
    app = await createApp('express');
    const port = await served();
    await ask(port, '/startupz');
    await app.init();
    expect(app.get(ServiceState).name).toBe('starting');
  });

  describe('and gets no request', () => {
    const warnings: string[] = [];
    const quiet = (): void => {};
    const logger: LoggerService = {
      log: quiet,
      error: quiet,
      warn: (line: string) => void warnings.push(line),
    };

    beforeEach(() => {
      warnings.length = 0;
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    });

    afterEach(() => {
      jest.useRealTimers();
      Logger.overrideLogger(false);
    });

    const silentFor = async (ms: number): Promise<readonly string[]> => {
      app = await createApp('express');
      Logger.overrideLogger(logger);
      await app.init();
      jest.advanceTimersByTime(ms);
      return warnings;
    };

    it('warns once that nobody can reach it', async () => {
      expect(await silentFor(SILENCE_MS * 10)).toEqual([
        expect.stringMatching(
          /^This app was initialised 10 s ago, and it neither listens nor has had/,
        ),
      ]);
    });

    it('does not warn earlier, or once it is closed', async () => {
      expect(await silentFor(SILENCE_MS - 1)).toEqual([]);
      jest.useRealTimers();
      await app.close();
      expect(warnings).toEqual([]);
    });
  });
});
