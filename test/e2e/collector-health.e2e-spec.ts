import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OtelModule } from '@nestlens/otel';
import { useLeakCheck } from '@nestlens/testing';
import { ask, createApp, portOf } from './health-app.js';

useLeakCheck();

it.each(['nestlens', 'sdk'] as const)(
  '/readyz names the URL for which a collector answers 404, and a remedy (engine %s)',
  async (engine) => {
    const collector = createServer((_req, res) => res.writeHead(404).end()).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    const at = `127.0.0.1:${(collector.address() as AddressInfo).port}/wrong`;
    const app = await createApp('express', {
      otlp: { engine, protocol: 'http/protobuf', endpoint: `http://user:canary@${at}` },
      traces: { exporters: ['otlp'] },
      health: { details: 'always' },
    });
    await app.listen(0, '127.0.0.1');
    await ask(portOf(app), '/nowhere');
    await OtelModule.flush(30_000);
    const { status, body } = await ask(portOf(app), '/readyz');
    expect([status, JSON.parse(body)]).toMatchObject([
      200,
      {
        status: 'degraded',
        indicators: {
          otlp: {
            reason: `traces failed: HTTP 404 at http://${at}/v1/traces`,
            remedy: 'is the path /wrong/v1/traces right?',
            traces: `failed: HTTP 404 at http://${at}/v1/traces`,
          },
        },
      },
    ]);
    expect(body).not.toContain('canary');
    await app.close();
    collector.closeAllConnections();
    await new Promise((resolve) => collector.close(resolve));
  },
);
