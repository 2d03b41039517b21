import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { resolveConfig } from '../options/resolve.js';
import { createNestlensEngine } from './nestlens-engine.js';

it('the engine nestlens reports why it does not reach its collector', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  const otlp = { protocol: 'grpc', endpoint: `http://127.0.0.1:${port}` } as const;
  const off = { exporters: ['none'] } as const;
  const overrides = { worker: false, sealAfterMs: 20, shutdownTimeoutMs: 100 };
  const config = resolveConfig({ otlp, metrics: off, logs: off }, {});
  const engine = createNestlensEngine(config, overrides);
  const provider = new TracerProvider({ spanProcessors: [engine.spanProcessor!] });
  const reason = (): unknown => {
    const { last } = engine.status().traces;
    return last.outcome === 'failed' && last.reason;
  };
  while (reason() !== 'ECONNREFUSED') {
    provider.getTracer('outage').startSpan('lost').end();
    await new Promise(setImmediate);
  }
  expect(engine.status().traces).toMatchObject({ accepted: 0, last: { outcome: 'failed' } });
  await provider.shutdown();
});
